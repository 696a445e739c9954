//! An editor that speaks to the language server over standard input and output.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::{Value, json};

pub const URI: &str = "untitled:example.nat";

/// An editor with one text.
pub struct Editor {
    child: Child,
    stdin: ChildStdin,
    pub messages: Receiver<Value>,
    /// Notifications that came while something else was waited for.
    pub notes: Vec<Value>,
    next: u64,
    version: u64,
    pub text: String,
}

impl Editor {
    pub fn new(text: &str) -> Self {
        Editor::within(text, &Value::Null)
    }

    /// An editor that works in a folder.
    pub fn within(text: &str, folder: &Value) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_nat"))
            .arg("lsp")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("the server starts");
        let stdin = child.stdin.take().expect("a pipe");
        let stdout = child.stdout.take().expect("a pipe");
        let (send, messages) = channel();
        std::thread::spawn(move || {
            let mut from = BufReader::new(stdout);
            while let Some(message) = read(&mut from) {
                if send.send(message).is_err() {
                    return;
                }
            }
        });
        let mut editor =
            Editor { child, stdin, messages, notes: Vec::new(), next: 0, version: 1, text: text.to_owned() };
        let capabilities =
            editor.ask("initialize", json!({ "processId": null, "rootUri": folder, "capabilities": {} }));
        assert_eq!(capabilities["capabilities"]["hoverProvider"], true);
        editor.tell("initialized", json!({}));
        let document = json!({ "uri": URI, "languageId": "nat", "version": 1, "text": text });
        editor.tell("textDocument/didOpen", json!({ "textDocument": document }));
        editor
    }

    pub fn send(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.stdin, "Content-Length: {}\r\n\r\n{text}", text.len()).expect("the server reads");
        self.stdin.flush().expect("the server reads");
    }

    pub fn tell(&mut self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    pub fn ask(&mut self, method: &str, params: Value) -> Value {
        let message = self.answer(method, params);
        assert!(message["error"].is_null(), "{method}: {message}");
        message["result"].clone()
    }

    pub fn answer(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        let id = self.next;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        loop {
            let message = self.messages.recv_timeout(Duration::from_secs(120)).expect("an answer in time");
            if message["id"] == id {
                return message;
            }
            self.notes.push(message);
        }
    }

    /// Opens another text.
    pub fn open(&mut self, uri: &str, text: &str) {
        let document = json!({ "uri": uri, "languageId": "nat", "version": 1, "text": text });
        self.tell("textDocument/didOpen", json!({ "textDocument": document }));
    }

    /// Replaces the whole text.
    pub fn change(&mut self, text: &str) {
        self.version += 1;
        self.text = text.to_owned();
        let document = json!({ "uri": URI, "version": self.version });
        self.tell("textDocument/didChange", json!({ "textDocument": document, "contentChanges": [{ "text": text }] }));
    }

    /// The diagnostics of the text as it is now.
    pub fn diagnostics(&mut self) -> Vec<Value> {
        loop {
            let found = self.notes.iter().position(|n| {
                n["method"] == "textDocument/publishDiagnostics" && n["params"]["version"] == self.version
            });
            if let Some(i) = found {
                let note = self.notes.remove(i);
                return note["params"]["diagnostics"].as_array().expect("a list").clone();
            }
            let message = self.messages.recv_timeout(Duration::from_secs(120)).expect("diagnostics in time");
            self.notes.push(message);
        }
    }

    /// A request about the nth place at which a part of the text stands.
    pub fn at(&mut self, method: &str, part: &str, nth: usize, more: &[(&str, Value)]) -> Value {
        let params = self.place(part, nth, more);
        self.ask(method, params)
    }

    pub fn place(&self, part: &str, nth: usize, more: &[(&str, Value)]) -> Value {
        let offset = self.text.match_indices(part).nth(nth).expect("the part").0;
        let before = &self.text[..offset];
        let line = before.matches('\n').count();
        let column: usize = before[before.rfind('\n').map_or(0, |i| i + 1)..].encode_utf16().count();
        let mut params = json!({ "textDocument": { "uri": URI }, "position": { "line": line, "character": column } });
        for (key, value) in more {
            params[*key] = value.clone();
        }
        params
    }

    pub fn end(mut self) {
        self.ask("shutdown", Value::Null);
        self.tell("exit", Value::Null);
        let status = self.child.wait().expect("the server ends");
        assert!(status.success(), "{status}");
    }
}

fn read(from: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if from.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end().split_once(": ") {
            Some(("Content-Length", n)) => length = n.parse().ok()?,
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    from.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}
