//! The classes of matrices that a datum or a parameter of a map may belong to.

listed! {
    /// A class of square matrices.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum Matrices {
        /// Invertible ones.
        Invertible,
        /// Orthogonal ones.
        Orthogonal,
        /// Symmetric ones.
        Symmetric,
        /// Symmetric positive definite ones.
        Definite,
        /// Skew ones.
        Skew,
        /// Diagonal ones.
        Diagonal,
        /// Permutations.
        Permutation,
        /// Permutations with signs.
        SignedPermutation,
    }
}

impl Matrices {
    /// The word of the language.
    pub const fn word(self) -> &'static str {
        match self {
            Matrices::Invertible => "GL",
            Matrices::Orthogonal => "O",
            Matrices::Symmetric => "Sym",
            Matrices::Definite => "SPD",
            Matrices::Skew => "Skew",
            Matrices::Diagonal => "Diag",
            Matrices::Permutation => "Perm",
            Matrices::SignedPermutation => "SignedPerm",
        }
    }

    /// The class of this word.
    pub fn of(word: &str) -> Option<Matrices> {
        Matrices::ALL.into_iter().find(|m| m.word() == word)
    }

    /// Whether all its members are orthogonal.
    pub fn is_orthogonal(self) -> bool {
        match self {
            Matrices::Orthogonal | Matrices::Permutation | Matrices::SignedPermutation => true,
            Matrices::Invertible | Matrices::Symmetric | Matrices::Definite | Matrices::Skew | Matrices::Diagonal => {
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::vocabulary::MATRICES;

    #[test]
    fn the_words_are_those_of_the_language() {
        assert_eq!(Matrices::ALL.map(Matrices::word), MATRICES);
    }
}
