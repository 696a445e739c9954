#!/usr/bin/env python3
"""How many small changes of the checker do its tests notice?

A sample of mutants is drawn from the stages that decide verdicts and written into a copy of the sources, each behind a
switch that an environment variable turns: one build serves all. What does not compile is dropped. A run without any
says which test reaches which mutant. Then each mutant meets the tests that reach it, quick ones first, until one fails
(killed) or all pass (survived). A file of tests/corpus/check is a test of its own: its answers, in as much as the
corpus asks for them, must be as they are without mutants. A test has failed, too, that takes four times the time of the
processor.

    python3 tests/mutants/run.py --count 280 --seed 1

Needs a Unix, python3 and cargo, and hours; `--longest 5` leaves the slowest tests out, and says so. All is written
below target/mutants; report.json there has every mutant and what killed it. A survivor is a gap of the tests, or it
changes nothing but time, words and normal forms: a reader has to decide.
"""
import argparse
import json
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

from places import ROOT, STRATA, draw, written

WORK = ROOT / "target/mutants"
COPY = WORK / "copy"
ENVIRONMENT = {**os.environ, "CARGO_TARGET_DIR": str(WORK / "target")}
BINARIES = "lib laws explain primitives facts warnings corpus scale library uniform traces structure".split()
BY_FILE = "checks_are_answered_as_mathematics_says"  # The test that files stand for.

SWITCH = '''
/// Whether a mutant is switched on. Also writes down, if asked, that it is reached.
pub fn mutant(n: usize) -> bool {
    use std::sync::{OnceLock, atomic::{AtomicBool, Ordering::Relaxed}};
    static ACTIVE: OnceLock<usize> = OnceLock::new();
    static LOG: OnceLock<Option<String>> = OnceLock::new();
    static REACHED: [AtomicBool; 4096] = [const { AtomicBool::new(false) }; 4096];
    if !REACHED[n].load(Relaxed) && !REACHED[n].swap(true, Relaxed) {
        if let Some(path) = LOG.get_or_init(|| std::env::var("MUTANT_LOG").ok()) {
            let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
            let _ = file.and_then(|mut f| std::io::Write::write_all(&mut f, format!("{n}\\n").as_bytes()));
        }
    }
    *ACTIVE.get_or_init(|| std::env::var("MUTANT").ok().and_then(|m| m.parse().ok()).unwrap_or(usize::MAX)) == n
}
'''


def cargo(*arguments):
    """The messages of cargo, and whether it went well."""
    command = ["cargo", *arguments, "--release", "--locked", "--message-format=json"]
    result = subprocess.run(command, cwd=COPY, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True)
    return [json.loads(line) for line in result.stdout.splitlines()], result.returncode == 0


def of_product(folder):
    return Path(folder).is_relative_to(ROOT / "src")


def update(path, text):
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def innermost(span):
    """The mutant in which the compiler finds a fault."""
    data = (COPY / span["file_name"]).read_bytes()[:span["byte_start"]].decode(errors="ignore")
    stack = []
    for mark in re.finditer(r"/\*<(\d+)\*/|/\*\d+>\*/", data):
        stack.append(int(mark[1])) if mark[1] else stack.pop()
    return stack[-1] if stack else None


def build(sites):
    """Writes all mutants, drops those that do not compile, and gives the executables by name."""
    for path in [p for p in ROOT.iterdir() if p.name not in ("target", ".git")]:
        if path.is_file():
            shutil.copy2(path, COPY)
        else:
            shutil.copytree(path, COPY / path.name, dirs_exist_ok=True,
                            ignore=lambda folder, names: [n for n in names if n.endswith(".rs") and of_product(folder)])
    while True:
        for path in (ROOT / "src").rglob("*.rs"):
            file, text = str(path.relative_to(ROOT)), path.read_text()
            own = [s for s in sites if s["file"] == file and not s.get("dropped")]
            update(COPY / file, written(text, own, 0, len(text)) + (SWITCH if file == "src/lib.rs" else ""))
        messages, good = cargo("check", "--lib")
        if good:
            break
        errors = [m["message"] for m in messages if m.get("message", {}).get("level") == "error"]
        spans = [sorted(e["spans"], key=lambda s: not s["is_primary"]) for e in errors]
        bad = {next((n for n in map(innermost, found) if n is not None), None) for found in spans} - {None}
        if not bad:
            sys.exit("\n".join(e["rendered"] for e in errors))
        for n in bad:
            sites[n]["dropped"] = True
    wanted = [a for name in BINARIES if name != "lib" for a in ("--test", name)]
    messages, good = cargo("test", "--no-run", "--lib", "--bin", "nat", *wanted)
    built = {("lib" if "lib" in m["target"]["kind"] else m["target"]["name"]): m["executable"]
             for m in messages if m.get("executable") and (m["profile"]["test"] or "bin" in m["target"]["kind"])}
    return built if good else sys.exit("the mutants do not build")


def tests(built):
    """All tests by name, with their commands: those of the binaries, and files."""
    found = {}
    for binary in BINARIES:
        listed = subprocess.run([built[binary], "--list"], cwd=COPY, stdout=subprocess.PIPE, text=True).stdout
        names = [line[:-len(": test")] for line in listed.splitlines() if line.endswith(": test")]
        found |= {f"{binary}: {n}": [built[binary], "--exact", n] for n in names if n != BY_FILE}
    for path in sorted((COPY / "tests/corpus/check").glob("*.nat")):
        found[path.name] = [built["nat"], "check", "--format", "json", str(path)]
    return found


def asked(path, output):
    """What a file asks of its answers; an empty list if there are none."""
    lines, found = open(path).read().splitlines(), []
    try:
        checks = json.loads(output)["checks"]
    except ValueError:
        return found
    for c in checks:
        line = lines[c["line"] - 1]
        plain = c["verdict"] in ("fails", "invalid", "undecided")
        says = re.search(r"// says: (.*?)(?: //|$)", line)
        found.append([c["line"], c["verdict"], c["ok"], c["evidence"] if plain or "// evidence" in line else "",
                      c["order"] if "// order" in line else "", c["rate"] if "// rate" in line else "",
                      says is None or says[1] in c["message"]])
    return found


def run(command, limit, **variables):
    """What a test answers, and the seconds of the processor that it takes, or None if these are more than the limit."""
    limit = int(limit) + 1
    begun = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        result = subprocess.run(
            command, cwd=COPY, env={**ENVIRONMENT, **variables}, timeout=20 * limit, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (limit, limit + 1)))
    except subprocess.TimeoutExpired:
        return None, limit
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    answer = asked(command[-1], result.stdout) if command[1] == "check" else result.returncode
    return answer, ended.ru_utime + ended.ru_stime - begun.ru_utime - begun.ru_stime


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--count", type=int, default=280, help="how many mutants are drawn")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--only", type=int, nargs="*", help="numbers of the mutants to run, of the same draw")
    options.add_argument("--minutes", type=float, default=1e9, help="when to begin no other mutant")
    options.add_argument("--longest", type=float, default=1e9, help="leave out tests that take more seconds")
    options.add_argument("--list", action="store_true", help="only show the draw")
    args = options.parse_args()
    end = time.time() + 60 * args.minutes
    sites, total = draw(args.count, args.seed)
    print("places of mutants:", total, flush=True)
    if args.list:
        for s in sites:
            print(s["id"], f"{s['file']}:{s['line']}", s["kind"], "|", s["text"].split("\n")[0])
        return
    COPY.mkdir(parents=True, exist_ok=True)
    commands = tests(build(sites))
    log, usual = WORK / "reached", {}
    for name, command in commands.items():
        log.unlink(missing_ok=True)
        answer, seconds = run(command, 3600, MUTANT_LOG=str(log))
        reached = {int(n) for n in log.read_text().split()} if log.exists() else set()
        usual[name] = (answer, seconds, reached)
        if answer not in (0, []) and command[1] != "check" or answer == []:
            sys.exit(f"{name} fails without any mutant")
    order = [s for s in sites if not s.get("dropped") and (args.only is None or s["id"] in args.only)]
    random.Random(args.seed).shuffle(order)
    for s in order:
        if time.time() > end:
            break
        reaching = sorted((t[1], name) for name, t in usual.items() if s["id"] in t[2])
        s["killed"], s["reached"] = None, len(reaching)
        for seconds, name in reaching:
            if seconds > args.longest:
                s["left"] = s.get("left", 0) + 1
            elif run(commands[name], 4 * seconds + 8, MUTANT=str(s["id"]))[0] != usual[name][0]:
                s["killed"] = name
                break
        beside = f", {s['left']} slow tests left out" if "left" in s else ""
        outcome = s["killed"] or (f"SURVIVED{beside}" if reaching else "NOT REACHED")
        print(s["id"], f"{s['file']}:{s['line']}", s["kind"], "->", outcome, flush=True)
        (WORK / "report.json").write_text(json.dumps([s for s in order if "killed" in s], indent=1))
    for folder in [*STRATA, ""]:
        done = [s for s in order if "killed" in s and s["folder"].startswith(folder)]
        killed, unreached = sum(bool(s["killed"]) for s in done), sum(not s["reached"] for s in done)
        rate = f"{100 * killed / len(done):.0f} %" if done else "-"
        print(f"{folder or 'all':10} {len(done):4} mutants, {killed:4} killed ({rate}), {unreached} not reached")


if __name__ == "__main__":
    main()
