//! What the words of the language itself mean, in a line: its functions, the words of optimizers, classes of maps, types.

use crate::core::prim::{COMPOSED, Is, entrywise};

/// A word, how it is used, and what it means.
type Meaning = (&'static str, &'static str, &'static str);

/// Words of optimizers, and of the language.
const WORDS: [Meaning; 6] = [
    ("params", "params", "the parameters of the architecture, as a vector of length `dim`"),
    ("loss", "loss", "the loss of the architecture"),
    ("output", "output", "what the architecture computes, as a vector"),
    ("metric", "metric", "the output metric pulled back to the parameters, a matrix of `dim` rows and columns"),
    ("dim", "dim", "the number of parameters"),
    ("pi", "pi", "the constant"),
];

/// Functions; those that are written in the language are shown as that instead.
const FUNCTIONS: [Meaning; 53] = [
    ("d", "d(e), d(e, W)", "the differential of a scalar in the parameters, or in a block: a covector"),
    (
        "grad",
        "grad(e), grad(e, W)",
        "the partial derivatives of a scalar read as a vector, by the Euclidean metric of the coordinates",
    ),
    ("natgrad", "natgrad(e)", "the natural gradient, `raise(metric, d(e))`"),
    ("raise", "raise(g, c)", "a covector to a vector, by a metric; the pseudo-inverse where that is singular"),
    ("lower", "lower(g, v)", "a vector to a covector, by a metric"),
    ("hess", "hess(e)", "the matrix of second derivatives of a scalar in the parameters"),
    ("covhess", "covhess(e)", "the second covariant derivative of a scalar, by the connection of `metric`"),
    ("christoffel", "christoffel(g, u, v)", "Γ(u, v) of a metric"),
    ("blockdiag", "blockdiag(g)", "the diagonal blocks of a matrix, one for each `param`, zeros elsewhere"),
    ("at", "at(q, e)", "an expression with the parameters replaced by `q`"),
    ("exp", "exp(x)", "the exponential, entry by entry"),
    ("log", "log(x)", "the natural logarithm, entry by entry, for x > 0"),
    ("sin", "sin(x)", "the sine, entry by entry"),
    ("cos", "cos(x)", "the cosine, entry by entry"),
    ("atan", "atan(x)", "the inverse tangent, entry by entry"),
    ("tanh", "tanh(x)", "the hyperbolic tangent, entry by entry"),
    ("sigmoid", "sigmoid(x)", "`1 / (1 + exp(-x))`, entry by entry"),
    ("softplus", "softplus(x)", "`log(1 + exp(x))`, entry by entry"),
    ("sign", "sign(x)", "-1 or 1, entry by entry"),
    ("erf", "erf(x)", "the error function, entry by entry"),
    ("sqrt", "sqrt(x)", "the square root, entry by entry, for x >= 0"),
    ("max", "max(a, b), max(A), max(i in 0..n: e)", "the larger one, entry by entry; the largest entry"),
    ("min", "min(a, b), min(A), min(i in 0..n: e)", "the smaller one, entry by entry; the smallest entry"),
    ("sum", "sum(A), sum(i in 0..n: e)", "the sum of all entries, or over indices"),
    ("prod", "prod(i in 0..n: e)", "the product over indices"),
    ("mean", "mean(A)", "the mean of all entries"),
    ("dot", "dot(u, v)", "the sum of the products of entries"),
    ("trace", "trace(A)", "the sum of the entries on the diagonal"),
    ("det", "det(A)", "the determinant"),
    ("concat", "concat(u, v)", "vectors one behind the other"),
    ("vstack", "vstack(A, B)", "matrices one below the other"),
    ("hstack", "hstack(A, B)", "matrices side by side; a vector is one column"),
    ("vec", "vec(A)", "the entries row by row, a vector"),
    ("reshape", "reshape(A, m, n)", "the entries row by row in another shape"),
    ("diag", "diag(v)", "the diagonal matrix of a vector"),
    ("diagonal", "diagonal(A)", "the diagonal of a matrix"),
    ("outer", "outer(u, v)", "the matrix of all products of two entries"),
    ("eye", "eye(n)", "the identity matrix"),
    ("zeros", "zeros(n), zeros(m, n)", "zeros"),
    ("ones", "ones(n), ones(m, n)", "ones"),
    ("inv", "inv(A)", "the inverse"),
    ("pinv", "pinv(A)", "the pseudo-inverse"),
    ("solve", "solve(A, b)", "the solution x of `A * x = b`"),
    (
        "polar",
        "polar(A)",
        "the matrix with the same singular vectors and all singular values that are not zero set to 1",
    ),
    ("powm", "powm(A, p)", "a rational power of a symmetric positive definite matrix"),
    (
        "eigvecs",
        "eigvecs(A)",
        "the unit eigenvectors of a symmetric matrix as columns, by falling eigenvalue, the first entry of each positive",
    ),
    ("qr", "qr(A)", "the orthonormal factor Q of A = Q R, where R is upper triangular with a positive diagonal"),
    ("triu", "triu(A)", "the entries on and above the diagonal, zeros elsewhere"),
    ("tril", "tril(A)", "the entries on and below the diagonal, zeros elsewhere"),
    ("rows", "rows(A)", "the number of rows"),
    ("cols", "cols(A)", "the number of columns; of a vector 1"),
    ("size", "size(A)", "the number of entries"),
    ("id", "id(A)", "the identity of an architecture"),
];

/// Classes of maps of the whole parameter vector x.
const MAPS: [Meaning; 10] = [
    ("translation", "along translation", "all maps x + c"),
    ("scaling", "along scaling", "all maps a x, with one a > 0"),
    ("diagonal", "along diagonal", "all maps D x, D diagonal and positive"),
    ("permutation", "along permutation", "all maps P x, P a permutation"),
    ("signed_permutation", "along signed_permutation", "all maps P x, P a permutation with signs"),
    ("orthogonal", "along orthogonal", "all maps Q x, Q orthogonal"),
    ("linear", "along linear", "all maps A x, A invertible"),
    ("affine", "along affine", "all maps A x + c, A invertible"),
    ("diffeo", "along diffeo", "every diffeomorphism"),
    (
        "biorthogonal",
        "along biorthogonal",
        "each matrix W ↦ Q W P, each vector v ↦ Q v, with orthogonal Q and P; numbers up to sign",
    ),
];

/// Types, and how states are carried.
const TYPES: [Meaning; 21] = [
    ("R", "R, R[n], R[m, n]", "real numbers, vectors, matrices"),
    ("N", "N", "a natural number that is known when the check runs: a size or an index"),
    ("GL", "GL[n]", "invertible matrices"),
    ("O", "O[n]", "orthogonal matrices"),
    ("SPD", "SPD[n]", "symmetric positive definite matrices"),
    ("Sym", "Sym[n]", "symmetric matrices"),
    ("Skew", "Skew[n]", "antisymmetric matrices"),
    ("Diag", "Diag[n]", "diagonal matrices"),
    ("Perm", "Perm[n]", "permutation matrices"),
    ("SignedPerm", "SignedPerm[n]", "permutation matrices with signs"),
    ("tangent", "state v : tangent", "a vector: along a map with Jacobian J it becomes J v"),
    ("cotangent", "state m : cotangent", "a covector: along a map with Jacobian J it becomes J⁻ᵀ m"),
    ("cometric", "state g : cometric", "becomes J g Jᵀ along a map with Jacobian J"),
    ("left", "state g : left", "one matrix for each block, on its rows: sums of g gᵀ for differentials g"),
    ("right", "state g : right", "one matrix for each block, on its columns: sums of gᵀ g for differentials g"),
    ("point", "state q : point", "another point of the parameters: carried by the map itself"),
    ("scalar", "state s : scalar(k)", "a number that changes as the k-th power of the length of a differential"),
    ("entries", "state s : entries(k)", "entries that change as the k-th power of those of a differential"),
    ("auto", "state s : auto", "of the types without a weight the one with the strongest verdict"),
    ("metric", "state g : metric", "becomes J⁻ᵀ g J⁻¹ along a map with Jacobian J"),
    ("diagonal", "state s : diagonal", "the diagonal of a matrix that becomes J⁻ᵀ g J⁻¹: squares of differentials"),
];

/// Where a word stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Before `(`.
    Applied,
    /// In the place of a type.
    Type,
    /// Anywhere else.
    Other,
}

/// The meaning of a word that nothing in a text declares.
pub fn meaning(name: &str, place: Place) -> Option<String> {
    let composed = COMPOSED.iter().find(|c| c.name == name).map(|c| {
        let parameters: Vec<&str> = c.params.iter().map(|p| p.0).collect();
        (parameters.join(", "), c.body)
    });
    let defined = composed.or_else(|| match entrywise(name)?.is {
        Is::Defined(body) => Some(("x".to_owned(), body)),
        Is::Kernel(_) | Is::Power(_) => None,
    });
    if let Some((parameters, body)) = defined.filter(|_| place != Place::Type) {
        return Some(format!("```nat\ndef {name}({parameters}) = {body}\n```\n\na function of the language"));
    }
    let tables: &[&[Meaning]] = match place {
        Place::Applied => &[&FUNCTIONS],
        Place::Type => &[&TYPES],
        Place::Other => &[&WORDS, &MAPS, &FUNCTIONS],
    };
    let (_, used, says) = tables.iter().copied().flatten().find(|(n, ..)| *n == name)?;
    Some(format!("```nat\n{used}\n```\n\n{says}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::names::CLASSES;
    use crate::core::prim;
    use crate::core::words::{Calculus, Word};
    use crate::syntax::vocabulary;

    #[test]
    fn every_word_has_a_meaning() {
        let functions = prim::names().chain(Calculus::ALL.map(Calculus::name)).filter(|f| !f.ends_with('\''));
        let all = functions.map(|f| (f, Place::Applied)).chain(vocabulary::types().map(|t| (t, Place::Type)));
        for (name, place) in all.chain(Word::ALL.map(Word::name).into_iter().chain(CLASSES).map(|w| (w, Place::Other)))
        {
            assert!(meaning(name, place).is_some(), "{name}");
        }
        for table in [&WORDS[..], &FUNCTIONS, &MAPS, &TYPES] {
            for (i, (name, ..)) in table.iter().enumerate() {
                assert!(table[..i].iter().all(|(n, ..)| n != name), "`{name}` stands there twice");
            }
        }
        assert!(meaning("diagonal", Place::Other).is_some_and(|m| m.contains("along diagonal")));
        assert!(meaning("undeclared", Place::Other).is_none());
    }
}
