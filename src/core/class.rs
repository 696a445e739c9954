//! The classes of transformations of the whole parameter vector.

listed! {
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
}

/// How the Jacobian of the maps of a class depends on the point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Jacobian {
    /// It is the identity: only points move.
    One,
    /// It is one matrix: a point is carried as a vector is, if the origin is. Affine maps are looked at along their
    /// generators.
    Constant,
    /// It varies: a point is no vector, and derivatives of vectors have second derivatives of the map in them.
    Varies,
}

/// What is known of the maps of a class, and nowhere else.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// The word of the language.
    pub word: &'static str,
    /// What its maps are called in a sentence.
    pub maps: &'static str,
    /// Every other class that holds all its maps.
    pub within: &'static [Class],
    /// The classes whose maps together generate this one: what commutes along all of them commutes along it, by pasting.
    pub generators: &'static [Class],
    /// How the Jacobian depends on the point.
    pub jacobian: Jacobian,
    /// Whether each map multiplies everything by one factor, so that units of numbers count.
    pub scales: bool,
    /// Whether the coordinate axes are kept, so that entrywise functions of vectors have laws.
    pub keeps_axes: bool,
    /// Whether every map is, on the whole parameter vector, a multiple of an isometry.
    pub conformal: bool,
    /// Whether every map acts on each block as `W ↦ Q W P + C`.
    pub keeps_blocks: bool,
    /// Whether every map takes each block from itself.
    pub separates_blocks: bool,
}

impl Class {
    /// What is known of its maps.
    pub const fn facts(self) -> Facts {
        use Class::{
            Affine, Diagonal, Diffeo, Linear, Orthogonal, Permutation, Scaling, SignedPermutation, Translation,
        };
        let linear = Facts {
            word: "linear",
            maps: "linear maps",
            within: &[Affine, Diffeo],
            generators: &[Linear],
            jacobian: Jacobian::Constant,
            scales: false,
            keeps_axes: false,
            conformal: false,
            keeps_blocks: false,
            separates_blocks: false,
        };
        match self {
            Translation => Facts {
                word: "translation",
                maps: "translations",
                generators: &[Translation],
                jacobian: Jacobian::One,
                keeps_axes: true,
                conformal: true,
                keeps_blocks: true,
                separates_blocks: true,
                ..linear
            },
            Scaling => Facts {
                word: "scaling",
                maps: "scalings",
                within: &[Diagonal, Linear, Affine, Diffeo],
                generators: &[Scaling],
                scales: true,
                keeps_axes: true,
                conformal: true,
                keeps_blocks: true,
                separates_blocks: true,
                ..linear
            },
            Diagonal => Facts {
                word: "diagonal",
                maps: "diagonal maps",
                within: &[Linear, Affine, Diffeo],
                generators: &[Diagonal],
                keeps_axes: true,
                separates_blocks: true,
                ..linear
            },
            Permutation => Facts {
                word: "permutation",
                maps: "permutations",
                within: &[SignedPermutation, Orthogonal, Linear, Affine, Diffeo],
                generators: &[Permutation],
                keeps_axes: true,
                conformal: true,
                ..linear
            },
            SignedPermutation => Facts {
                word: "signed_permutation",
                maps: "signed permutations",
                within: &[Orthogonal, Linear, Affine, Diffeo],
                generators: &[SignedPermutation],
                keeps_axes: true,
                conformal: true,
                ..linear
            },
            Orthogonal => Facts {
                word: "orthogonal",
                maps: "orthogonal maps",
                within: &[Linear, Affine, Diffeo],
                generators: &[Orthogonal],
                conformal: true,
                ..linear
            },
            Linear => linear,
            Affine => Facts {
                word: "affine",
                maps: "affine maps",
                within: &[Diffeo],
                generators: &[Translation, Linear],
                ..linear
            },
            Diffeo => Facts {
                word: "diffeo",
                maps: "diffeomorphisms",
                within: &[],
                generators: &[Diffeo],
                jacobian: Jacobian::Varies,
                ..linear
            },
            Class::Biorthogonal => Facts {
                word: "biorthogonal",
                maps: "two-sided orthogonal maps",
                within: &[Orthogonal, Linear, Affine, Diffeo],
                generators: &[Class::Biorthogonal],
                conformal: true,
                keeps_blocks: true,
                separates_blocks: true,
                ..linear
            },
        }
    }

    /// The word of the language.
    pub const fn word(self) -> &'static str {
        self.facts().word
    }

    /// The class of this name.
    pub fn of_word(word: &str) -> Option<Class> {
        Class::ALL.into_iter().find(|c| c.word() == word)
    }

    /// What its maps are called in a sentence.
    pub fn maps(self) -> &'static str {
        self.facts().maps
    }

    /// Whether every map of `other` is one of `self`.
    pub fn contains(self, other: Class) -> bool {
        self == other || other.facts().within.contains(&self)
    }

    /// See [`Facts::generators`].
    pub fn generators(self) -> &'static [Class] {
        self.facts().generators
    }

    /// Whether its maps are no affine maps: their Jacobian varies.
    pub fn is_curved(self) -> bool {
        self.facts().jacobian == Jacobian::Varies
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
