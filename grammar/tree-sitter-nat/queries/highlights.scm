; Captures have the names of Neovim and of `tree-sitter highlight`. Where two patterns fit, the later one counts.
; `tests/grammars.rs` compares the words with those of the language.

; --- names

(identifier) @variable

(call function: (identifier) @function)
(def name: (identifier) @function)
(instance name: (identifier) @type)
(architecture name: (identifier) @type)
(morphism name: (identifier) @type)
(composite name: (identifier) @type)
(optimizer name: (identifier) @type)
(system name: (identifier) @type)
(ask_system name: (identifier) @type)
(cone name: (identifier) @type)
(data_name name: (identifier) @constant)
(library (identifier) @module)

(parameter name: (identifier) @variable.parameter)
(names (identifier) @variable.parameter)
(step rate: (identifier) @variable.parameter)
(binder name: (identifier) @variable.parameter)

(param name: (identifier) @property)
(state name: (identifier) @property)
(equation name: (identifier) @property)
(derivative name: (identifier) @property)
(update name: (identifier) @property)
(update (primed name: (identifier) @property))
(argument name: (identifier) @property)
(setting name: (identifier) @property)
(over name: (identifier) @property)
(block (identifier) @property)

((identifier) @variable.builtin
  (#any-of? @variable.builtin
    "params" "loss" "output" "metric" "dim"))

; Names of functions are names elsewhere.
((call function: (identifier) @function.builtin)
  (#any-of? @function.builtin
    "exp" "log" "sin" "cos" "atan" "tanh" "sigmoid" "softplus" "sign" "erf" "sqrt" "cbrt" "tan" "sinh" "cosh" "expm1"
    "log1p" "erfc" "abs" "relu" "silu" "gelu" "softsign" "norm" "logsumexp" "softmax" "leaky_relu" "elu" "max" "min"
    "sum" "prod" "mean" "dot" "trace" "det" "concat" "vstack" "hstack" "vec" "reshape" "diag" "diagonal" "outer" "eye"
    "zeros" "ones" "inv" "pinv" "solve" "polar" "powm" "eigvecs" "qr" "triu" "tril" "rows" "cols" "size" "d" "grad" "raise" "lower"
    "natgrad" "hess" "covhess" "christoffel" "blockdiag" "at"))

; --- types

(type name: (identifier) @type)

((type name: (identifier) @type.builtin)
  (#any-of? @type.builtin
    "R" "N" "GL" "O" "Sym" "SPD" "Skew" "Diag" "Perm" "SignedPerm"))

; How a state is carried.
((state type: (type name: (identifier) @type.builtin))
  (#any-of? @type.builtin
    "tangent" "cotangent" "metric" "cometric" "diagonal" "left" "right" "point" "scalar" "entries" "auto"))

(weight parity: (identifier) @constant.builtin)

; --- words

[
  "data" "let" "def" "architecture" "reparam" "projection" "embedding" "morphism" "optimizer" "system" "cone" "check"
  "classify" "param" "state" "flow" "step" "inverse" "each"
] @keyword

"use" @keyword.import

[
  "where" "assume" "in" "over" "on" "along" "via" "expect" "trace" "transfer" "start" "repeat" "until" "read"
] @keyword

["if" "then" "else"] @keyword.conditional

[
  "output" "loss" "metric" "group"
] @keyword

; What is asked.
[
  "natural" "commutes" "preserves" "same" "training"
] @keyword

(ask_transfer "transfer" @keyword)
(ask_system "system" @keyword)

; What is expected.
(verdict ["commutes" "fails" "undecided" "invalid"] @constant.builtin)
(rate ["up" "to" "rate"] @constant.builtin)
(rates ["up" "to" "rates"] @constant.builtin)
(limit ["in" "limit"] @constant.builtin)

; --- signs, numbers, comments

[(derivative_sign) (covariant_sign)] @keyword

["+" "-" "*" "/" ".*" "./" "^" "=" "==" "->" "<" "<=" ">" ">=" "!=" ".." "..=" "'"] @operator
(transpose "T" @operator)
(reciprocal "1" @operator)

["(" ")" "[" "]" "{" "}"] @punctuation.bracket
["," ":" ";" "."] @punctuation.delimiter

(number) @number
(string) @string
(comment) @comment
(doc_comment) @comment.documentation
