//! The JSON Schema of reports: every report that the corpus and the examples give is one of those that it describes.

use std::path::Path;

use serde_json::Value;

use super::run::{FAULTY, Folder, TEXT};

/// What is wrong with a value by a schema; the parts of JSON Schema that the schema of reports uses, and no others.
fn faults(value: &Value, schema: &Value, root: &Value, at: &str, found: &mut Vec<String>) {
    let Some(schema) = schema.as_object() else { return };
    for (key, rule) in schema {
        match key.as_str() {
            "$ref" => {
                let path = rule.as_str().and_then(|r| r.strip_prefix('#')).expect("a reference inside the schema");
                faults(value, root.pointer(path).expect("what is referred to"), root, at, found);
            }
            "type" => {
                let types: Vec<&str> = match rule {
                    Value::String(one) => vec![one],
                    several => several.as_array().expect("types").iter().filter_map(Value::as_str).collect(),
                };
                let is = |t: &&str| match *t {
                    "object" => value.is_object(),
                    "array" => value.is_array(),
                    "string" => value.is_string(),
                    "integer" => value.is_u64() || value.is_i64(),
                    "number" => value.is_number(),
                    "boolean" => value.is_boolean(),
                    "null" => value.is_null(),
                    other => panic!("the type {other}"),
                };
                if !types.iter().any(is) {
                    found.push(format!("{at}: {value} is none of {types:?}"));
                }
            }
            "required" => {
                for key in rule.as_array().expect("keys").iter().filter_map(Value::as_str) {
                    if value.is_object() && value.get(key).is_none() {
                        found.push(format!("{at}: `{key}` is missing"));
                    }
                }
            }
            "properties" => {
                for (key, inner) in rule.as_object().expect("properties") {
                    if let Some(v) = value.get(key) {
                        faults(v, inner, root, &format!("{at}.{key}"), found);
                    }
                }
                // A field that the schema does not know is not documented.
                for key in value.as_object().into_iter().flatten().map(|(k, _)| k) {
                    if rule.get(key).is_none() && schema.get("additionalProperties").is_none() {
                        found.push(format!("{at}: `{key}` is not in the schema"));
                    }
                }
            }
            "additionalProperties" if rule.is_object() => {
                let known = schema.get("properties");
                for (k, v) in
                    value.as_object().into_iter().flatten().filter(|(k, _)| known.is_none_or(|p| p.get(k).is_none()))
                {
                    faults(v, rule, root, &format!("{at}.{k}"), found);
                }
            }
            "items" => {
                for (i, v) in value.as_array().into_iter().flatten().enumerate() {
                    faults(v, rule, root, &format!("{at}[{i}]"), found);
                }
            }
            "const" => {
                if value != rule {
                    found.push(format!("{at}: {value} is not {rule}"));
                }
            }
            "anyOf" | "oneOf" => {
                let fits = rule.as_array().expect("schemas").iter().filter(|s| {
                    let mut inner = Vec::new();
                    faults(value, s, root, at, &mut inner);
                    inner.is_empty()
                });
                let fits = fits.count();
                if fits == 0 || key == "oneOf" && fits > 1 {
                    found.push(format!("{at}: {value} fits none of {rule}"));
                }
            }
            "minimum" => {
                if value.as_f64().is_some_and(|v| v < rule.as_f64().expect("a number")) {
                    found.push(format!("{at}: {value} is too small"));
                }
            }
            "$schema" | "$defs" | "title" | "description" | "format" | "default" | "additionalProperties" => {}
            other => panic!("the schema uses `{other}`, which this test does not read"),
        }
    }
}

#[test]
fn every_report_follows_the_schema() {
    let folder = Folder::new("schema");
    folder.file("a.nat", TEXT);
    folder.file("faulty.nat", FAULTY);
    let ran = folder.run(&["schema"]);
    assert_eq!(ran.status(), 0);
    let schema: Value = serde_json::from_str(&ran.stdout()).expect("a schema");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut names: Vec<String> = ["a.nat", "faulty.nat", "missing.nat"].map(str::to_owned).to_vec();
    for inner in ["examples", "tests/corpus/system", "tests/corpus/check", "tests/corpus/use"] {
        names.push(root.join(inner).display().to_string());
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let report = folder.json(&names);
    let checks = report["checks"].as_array().expect("checks");
    assert!(checks.len() > 200, "{} checks", checks.len());
    for field in ["squares", "system", "table", "witness", "repair", "blame"] {
        assert!(checks.iter().any(|c| c.get(field).is_some_and(|v| !v.is_null())), "some check has `{field}`");
    }
    let mut found = Vec::new();
    faults(&report, &schema, &schema, "report", &mut found);
    assert!(found.is_empty(), "{}", found[..found.len().min(20)].join("\n"));
    // The program reads what it writes, and writes it so again.
    folder.file("r.json", serde_json::to_string(&report).expect("JSON"));
    let ran = folder.run(&["merge", "r.json", "--format", "json"]);
    let again: Value = serde_json::from_str(&ran.stdout()).unwrap_or_else(|e| panic!("{e}: {}", ran.all()));
    assert_eq!(again, report);
    // The test notices what it should.
    let mut broken = report.clone();
    broken["checks"][0]["line"] = "one".into();
    broken["checks"][1].as_object_mut().expect("an object").remove("ok");
    broken["unheard"] = 1.into();
    let mut found = Vec::new();
    faults(&broken, &schema, &schema, "report", &mut found);
    assert_eq!(found.len(), 3, "{found:?}");
}
