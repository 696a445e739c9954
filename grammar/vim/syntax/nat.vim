" The .nat language.
if exists("b:current_syntax")
  finish
endif

syn keyword natItem use data let def architecture reparam projection embedding morphism optimizer
syn keyword natItem system cone classify
syn match natItem "\<trace\>\ze\s\+\h"
syn match natEntry "\<\%(start\|repeat\|until\|read\)\>\ze\s*\%({\|\"\|\h\)"
syn keyword natEntry param state flow step inverse each
syn keyword natJoining where assume in over on along via if then else
" What is asked stands behind `check`, what is expected behind `expect`.
syn keyword natCheck check nextgroup=natQuestion skipwhite
syn keyword natQuestion contained natural commutes preserves same training transfer
syn keyword natExpect expect nextgroup=natVerdict skipwhite
syn keyword natVerdict contained nextgroup=natVerdict skipwhite commutes in up to rate rates limit fails undecided invalid
syn keyword natLine output loss metric group
syn keyword natType R N GL O Sym SPD Skew Diag Perm SignedPerm
syn match natState ":\s*\zs\%(tangent\|cotangent\|metric\|cometric\|diagonal\|left\|right\|point\|scalar\|entries\|auto\)\>"
" Names of functions are names elsewhere: only what is applied is one.
syn match natFunction "\<\%(exp\|log\|sin\|cos\|atan\|tanh\|sigmoid\|softplus\|sign\|erf\|sqrt\|cbrt\|tan\|sinh\|cosh\|expm1\|log1p\|erfc\|abs\|relu\|silu\|gelu\|softsign\|norm\|logsumexp\|softmax\|leaky_relu\|elu\|max\|min\|sum\|prod\|mean\|dot\|trace\|det\|concat\|vstack\|hstack\|vec\|reshape\|diag\|diagonal\|outer\|eye\|zeros\|ones\|inv\|pinv\|solve\|polar\|powm\|eigvecs\|qr\|triu\|tril\|rows\|cols\|size\|d\|grad\|raise\|lower\|natgrad\|hess\|covhess\|christoffel\|blockdiag\|at\)\ze\s*("
syn keyword natWord params dim
syn match natNumber "\<\d\+\(\.\d\+\)\?\([eE][+-]\?\d\+\)\?\>"
syn match natDerivative "\<[dD] */ *dt\>"
syn match natSign "->\|==\|!=\|<=\|>=\|\.\.=\?\|\.[*/]\|[-+*/^=<>;]"
syn region natPath start=+"+ end=+"+ oneline
syn match natComment "//.*$"
syn match natDoc "///.*$"

hi def link natItem Keyword
hi def link natCheck Keyword
hi def link natExpect Keyword
hi def link natEntry Statement
hi def link natJoining Keyword
hi def link natQuestion Keyword
hi def link natVerdict Constant
hi def link natLine Identifier
hi def link natType Type
hi def link natState StorageClass
hi def link natFunction Function
hi def link natWord Identifier
hi def link natNumber Number
hi def link natDerivative Special
hi def link natSign Operator
hi def link natPath String
hi def link natComment Comment
hi def link natDoc SpecialComment

let b:current_syntax = "nat"
