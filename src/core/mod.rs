//! What the language is made of, said once for every engine.
//!
//! [`prim`] is the table of its functions. Terms, power series, symbolic sizes and transformation laws all read it, so
//! that a function is added by one row, and what the row does not say is an error of the compiler. [`names`] says what a
//! file declares, and what a name means where it is written; [`error`] what can be wrong with that. [`class`] and
//! [`variance`] are the classes of maps and the ways in which maps carry states.

/// An enumeration with the list of its variants, in the order in which they are declared: none can be left out of it.
macro_rules! listed {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$doc:meta])* $variant:ident,)+ }) => {
        $(#[$meta])*
        pub enum $name {
            $($(#[$doc])* $variant,)+
        }

        impl $name {
            /// All of them, in the order in which they are declared.
            pub const ALL: [$name; [$(stringify!($variant)),+].len()] = [$($name::$variant),+];
        }
    };
}

pub mod class;
pub mod defined;
pub mod error;
pub mod formula;
pub mod matrices;
pub mod names;
pub mod prim;
pub mod size;
pub mod system_error;
pub mod variance;
pub mod words;
