// Colours the blocks ```nat of the book. `tests/grammars.rs` compares the words with those of the language.
(() => {
  const words = {
    keyword:
      "use data let def architecture reparam projection embedding morphism optimizer system cone check " +
      "classify param state flow step inverse each where assume in over on along via expect if then else",
    type:
      "R N GL O Sym SPD Skew Diag Perm SignedPerm",
    built_in:
      "abs at atan blockdiag cbrt christoffel cols concat cos cosh covhess d det diag diagonal dot eigvecs " +
      "elu erf erfc exp expm1 eye gelu grad hess hstack inv leaky_relu log log1p logsumexp lower max mean " +
      "min natgrad norm ones outer pinv polar powm prod qr raise relu reshape rows sigmoid sign silu sin " +
      "sinh size softmax softplus softsign solve sqrt sum tan tanh trace tril triu vec vstack zeros",
  };
  hljs.registerLanguage("nat", () => ({
    keywords: words,
    contains: [
      hljs.COMMENT("//", "$"),
      { className: "string", begin: '"', end: '"', illegal: "\\n" },
      { className: "number", begin: /\b\d+(\.\d+)?(e[+-]?\d+)?\b/ },
    ],
  }));
  for (const block of document.querySelectorAll("code.language-nat")) {
    // The book's own script has passed over a language that it does not know.
    block.textContent = block.textContent;
    hljs.highlightBlock(block);
  }
})();
