"""The places of mutants in Rust sources that rustfmt has formatted, and how mutants are written there."""
import random
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STRATA = {"check": 0.48, "structure": 0.16, "domain": 0.21, "term": 0.15}  # Folders, with their parts of a sample.

TOKEN = re.compile(
    r"""(?P<skip>\s+|//[^\n]*|/\*.*?\*/)"""
    r"""|(?P<text>b?r(?P<h>\#*)".*?"(?P=h)|b?"(?:\\.|[^"\\])*"|b?'(?:\\u\{\w+\}|\\.|[^\\'])')"""
    r"""|(?P<life>'\w+)|(?P<num>\d\w*(?:\.\d\w*)?(?:(?<=[eE])-\d+)?)|(?P<word>\w+)"""
    r"""|(?P<sign><<=|>>=|\.\.=|=>|->|::|&&|\|\||==|!=|<=|>=|[-+*/%^&|]=|\.\.|<<|>>|.)""",
    re.S,
)
LEVEL = {o: k for k, level in enumerate(["||", "&&", "== != < > <= >=", "|", "^", "&", "<< >>", "+ -", "* / %"])
         for o in level.split()}
INSTEAD = {"<": ["<=", ">="], "<=": ["<", ">"], ">": [">=", "<="], ">=": [">", "<"], "==": ["!="], "!=": ["=="],
           "&&": ["||"], "||": ["&&"], "+": ["-"], "-": ["+"], "*": ["+"], "/": ["*"]}
METHODS = {"all": "any", "any": "all", "min": "max", "max": "min", "first": "last", "last": "first"}
KEYWORDS = set(
    "return if while match in let else move break for loop as mut ref where impl dyn fn const static".split())
ENDS = set(", ; = => += -= *= /= .. ..= : { } ( [ ) ]".split())
DEFAULTS = {r"bool": ["true", "false"], r"Option<.*>": ["None"], r"Vec<.*>": ["Vec::new()"],
            r"String": ["String::new()"], r"(usize|u\d+|i\d+|isize)": ["0", "1"], r"f64": ["0.0", "1.0"], r"": [""]}


class Text:
    """The tokens of a file, formatted by rustfmt, and its mutants: from, to, kind, and how each is written, as texts
    and ranges of the source. `@` stands for its number."""

    def __init__(self, text):
        self.text, self.partner, stack = text, {}, []
        self.tokens = [(m.lastgroup if m.lastgroup != "h" else "text", m.group(), m.start(), m.end())
                       for m in TOKEN.finditer(text) if m.lastgroup != "skip"]
        for i, (kind, t, _, _) in enumerate(self.tokens):
            if kind == "sign" and t in "([{":
                stack.append(i)
            elif kind == "sign" and t in ")]}":
                self.partner[i] = stack.pop()
                self.partner[self.partner[i]] = i

    def word(self, i):
        return self.tokens[i][1] if 0 <= i < len(self.tokens) and self.tokens[i][0] != "text" else ""

    def until(self, j, ends, brackets="(["):
        """The first token from `j` on that is one of `ends`, beside brackets."""
        while self.word(j) not in ends:
            j = self.partner[j] + 1 if self.word(j) in tuple(brackets) else j + 1
        return j

    def spaced(self, i):
        """Whether a sign is an operator between two operands."""
        (kind, t, _, _), (_, _, a, b) = self.tokens[i - 1], self.tokens[i]
        operand = kind in ("num", "text") or t in (")", "]", "?") or (kind == "word" and t not in KEYWORDS)
        return operand and self.text[a - 1].isspace() and self.text[b].isspace()

    def edge(self, i, step):
        """The last token of the operand to the left (-1) or to the right (1) of the operator `i`."""
        j, level = i + step, LEVEL[self.word(i)]
        while 0 <= j < len(self.tokens):
            t = self.word(j)
            if t in ((")", "]") if step < 0 else ("(", "[")):
                j = self.partner[j] + step
                continue
            if t in ENDS or (t in KEYWORDS and t not in ("as", "mut")):
                break
            if t in LEVEL and self.spaced(j):
                if LEVEL[t] < level or (LEVEL[t] == level and step > 0):
                    break
            elif t in ("|", "||"):
                break
            j += step
        return j - step

    def receiver(self, i):
        """The first token of the chain of calls before the dot `i`."""
        j = i - 1
        while j > 0:
            t = self.word(j)
            if t in (")", "]"):
                j = self.partner[j]
            elif not (t in (".", "::", "?") or (self.tokens[j][0] in ("word", "num") and t not in KEYWORDS)):
                break
            j -= 1
        return j + 1

    def sites(self):
        found, i, closes = [], 0, []
        while i < len(self.tokens):
            kind, t, a, _ = self.tokens[i]
            while closes and i > closes[-1]:
                closes.pop()
            if kind == "sign" and t == "#" and self.word(i + 1) == "[":
                inside = self.text[a:self.tokens[self.partner[i + 1]][3]]
                i = self.partner[i + 1] + 1
                if "cfg(test)" in inside or inside == "#[test]":
                    i = self.until(i, ("{", ";"), "")
                    i = self.partner.get(i, i)
            elif kind == "word" and t in ("const", "static") and self.word(i + 1) != "fn":
                i = self.until(i, (";",), "([{")
            elif kind == "word" and t == "fn" and self.tokens[i + 1][0] == "word":
                j = self.until(i, ("->", "{", ";"))
                result, end = "", self.until(j, ("{", ";", "where"), "")
                if self.word(j) == "->":
                    result, j = self.text[self.tokens[j][3]:self.tokens[end][2]].strip(), self.until(end, ("{", ";"))
                if self.word(j) == "{" and self.word(i - 1) == "const":
                    j = self.partner[j]
                elif self.word(j) == "{":
                    closes.append(self.partner[j])
                    at = self.tokens[j][3]
                    values = [v for pattern, vs in DEFAULTS.items() if re.fullmatch(pattern, result, re.S) for v in vs]
                    found += [(at, at, f"fn {self.word(i + 1)} returns {v or 'at once'}",
                               [f" if crate::mutant(@) {{ return {v}; }} "]) for v in values]
                i = j + 1
            else:
                found += self.at(i) if closes else []
                i += 1
        return found

    def at(self, i):
        """The mutants of one token within a function."""
        kind, t, a, b = self.tokens[i]
        start, end = (lambda k: self.tokens[k][2]), (lambda k: self.tokens[k][3])
        if kind == "sign" and t in INSTEAD and self.spaced(i):
            left, right = self.edge(i, -1), self.edge(i, 1)
            l, r = (start(left), end(i - 1)), (start(i + 1), end(right))
            if left > i - 1 or right < i + 1 or re.search(r"\b(let|dyn|impl)\b", self.text[l[0]:r[1]]):
                return []
            return [(l[0], r[1], f"{t} -> {o}",
                     ["(if crate::mutant(@) { ", l, f" {o} ", r, " } else { ", l, f" {t} ", r, " })"])
                    for o in INSTEAD[t]]
        if kind == "sign" and t == "!" and not self.text[b].isspace() and self.tokens[i - 1][0] != "word":
            return [(a, b, "! dropped", ["crate::mutant(@) ^ !"])]
        if kind == "word" and t == "if" and self.word(i + 1) != "let":
            j = self.until(i + 1, ("{", "=>", ",", ";", ")", "}"))
            c = (start(i + 1), end(j - 1))
            if self.word(j) not in ("{", "=>") or re.search(r"\blet\b", self.text[c[0]:c[1]]):
                return []
            what = "if" if self.word(j) == "{" else "guard"
            return [(*c, f"{what} true", ["crate::mutant(@) || (", c, ")"]),
                    (*c, f"{what} false", ["!crate::mutant(@) && (", c, ")"])]
        if kind == "word" and t in ("return", "continue", "break") and self.word(i - 1) in (";", "{", "}"):
            j = self.until(i + 1, (";", "}"), "([{")
            if self.word(j) != ";":
                return []
            value, whole = self.text[a:end(j - 1)], (a, end(j))
            found = [(*whole, f"{value[:40]} dropped", ["if !crate::mutant(@) { ", whole, " }"])]
            if value in ("return true", "return false"):
                other = "false" if value == "return true" else "true"
                found.append((*whole, f"{value} -> {other}", [f"if crate::mutant(@) {{ return {other}; }} ", whole]))
            return found
        if kind == "word" and t in METHODS and self.word(i - 1) == "." and self.word(i + 1) == "(":
            r, args = (start(self.receiver(i - 1)), start(i - 1)), (start(i + 1), end(self.partner[i + 1]))
            return [(r[0], args[1], f".{t} -> .{METHODS[t]}",
                     ["(if crate::mutant(@) { ", r, f".{METHODS[t]}", args, " } else { ", r, f".{t}", args, " })"])]
        return []


def draw(count, seed):
    """A sample without two mutants that cross or share a place, and the number of places by folder."""
    rng, drawn, total = random.Random(seed), [], {}
    for folder, part in STRATA.items():
        sites, kept = [], []
        for path in sorted((ROOT / "src" / folder).rglob("*.rs")):
            if path.name not in ("tests.rs", "testing.rs"):
                text = path.read_text()
                sites += [(str(path.relative_to(ROOT)), text, *s) for s in Text(text).sites()]
        total[folder] = len(sites)
        rng.shuffle(sites)
        for file, text, a, b, kind, parts in sites:
            near = [(k["start"], k["end"]) for k in kept if k["file"] == file]
            if all((a, b) != (c, d) and (b <= c or d <= a or c <= a <= b <= d or a <= c <= d <= b) for c, d in near):
                line = text.count("\n", 0, a) + 1
                kept.append({"id": len(drawn) + len(kept), "file": file, "folder": folder, "line": line, "kind": kind,
                             "start": a, "end": b, "parts": parts, "text": text[a:b][:160]})
            if len(kept) == round(part * count):
                break
        drawn += kept
    return drawn, total


def written(text, sites, low, high):
    """A part of a text with the mutants within; comments mark where each begins and ends."""
    inner = sorted((s for s in sites if low <= s["start"] and s["end"] <= high), key=lambda s: (s["start"], -s["end"]))
    out, at = [], low
    for s in inner:
        if s["start"] >= at:
            rest = [o for o in inner if o is not s]
            parts = [p.replace("@", str(s["id"])) if isinstance(p, str) else written(text, rest, *p)
                     for p in s["parts"]]
            out += [text[at:s["start"]], f"/*<{s['id']}*/", *parts, f"/*{s['id']}>*/"]
            at = s["end"]
    return "".join(out) + text[at:high]
