//! The classes of transformations of the whole parameter vector.

/// A class of transformations `f : A → B`: a set of maps between parameter spaces of one dimension, closed under
/// composition. `J` is the Jacobian.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Class {
    /// `x + c`
    Translation,
    /// `a x` with one `a > 0`
    Scaling,
    /// `D x` with `D` diagonal and positive
    Diagonal,
    /// `P x`
    Permutation,
    /// `P x` with signs
    SignedPermutation,
    /// `Q x` with `Qᵀ Q = 1`
    Orthogonal,
    /// `A x` with `A` invertible
    Linear,
    /// `A x + c`
    Affine,
    /// every diffeomorphism
    Diffeo,
    /// each matrix parameter `W ↦ Q W P`, each vector `v ↦ Q v`, each scalar `± b`
    Biorthogonal,
}

impl Class {
    /// All classes, in the order of the language.
    pub const ALL: [Class; 10] = [
        Class::Translation,
        Class::Scaling,
        Class::Diagonal,
        Class::Permutation,
        Class::SignedPermutation,
        Class::Orthogonal,
        Class::Linear,
        Class::Affine,
        Class::Diffeo,
        Class::Biorthogonal,
    ];

    /// The word of the language.
    pub fn word(self) -> &'static str {
        match self {
            Class::Translation => "translation",
            Class::Scaling => "scaling",
            Class::Diagonal => "diagonal",
            Class::Permutation => "permutation",
            Class::SignedPermutation => "signed_permutation",
            Class::Orthogonal => "orthogonal",
            Class::Linear => "linear",
            Class::Affine => "affine",
            Class::Diffeo => "diffeo",
            Class::Biorthogonal => "biorthogonal",
        }
    }

    /// The class of this name.
    pub fn of_word(word: &str) -> Option<Class> {
        Class::ALL.into_iter().find(|c| c.word() == word)
    }

    /// What its maps are called in a sentence.
    pub fn maps(self) -> &'static str {
        match self {
            Class::Translation => "translations",
            Class::Scaling => "scalings",
            Class::Diagonal => "diagonal maps",
            Class::Permutation => "permutations",
            Class::SignedPermutation => "signed permutations",
            Class::Orthogonal => "orthogonal maps",
            Class::Linear => "linear maps",
            Class::Affine => "affine maps",
            Class::Diffeo => "diffeomorphisms",
            Class::Biorthogonal => "two-sided orthogonal maps",
        }
    }

    /// Whether every map of `other` is one of `self`.
    pub fn contains(self, other: Class) -> bool {
        use Class::{
            Affine, Biorthogonal, Diagonal, Diffeo, Linear, Orthogonal, Permutation, Scaling, SignedPermutation,
        };
        self == other
            || match self {
                Diffeo => true,
                Affine => other != Diffeo,
                Linear => !matches!(other, Diffeo | Affine | Class::Translation),
                Orthogonal => matches!(other, Permutation | SignedPermutation | Biorthogonal),
                SignedPermutation => other == Permutation,
                Diagonal => other == Scaling,
                _ => false,
            }
    }

    /// The classes whose maps together generate this one: what commutes along all of them commutes along it, by pasting.
    pub fn generators(self) -> &'static [Class] {
        match self {
            Class::Affine => &[Class::Translation, Class::Linear],
            Class::Translation => &[Class::Translation],
            Class::Scaling => &[Class::Scaling],
            Class::Diagonal => &[Class::Diagonal],
            Class::Permutation => &[Class::Permutation],
            Class::SignedPermutation => &[Class::SignedPermutation],
            Class::Orthogonal => &[Class::Orthogonal],
            Class::Linear => &[Class::Linear],
            Class::Diffeo => &[Class::Diffeo],
            Class::Biorthogonal => &[Class::Biorthogonal],
        }
    }
}

impl std::fmt::Display for Class {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inclusion_is_a_partial_order() {
        for a in Class::ALL {
            assert_eq!(Class::of_word(a.word()), Some(a));
            for b in Class::ALL {
                assert!(!(a != b && a.contains(b) && b.contains(a)), "{a} and {b}");
                for c in Class::ALL {
                    assert!(!(a.contains(b) && b.contains(c)) || a.contains(c), "{a} ⊇ {b} ⊇ {c}");
                }
            }
        }
    }
}
