//! Numbers in files beside the text: `data X : R[784, 1000] = read "x.npy"`.
//!
//! `.npy` is the format of NumPy, version 1 to 3, of real numbers, whole numbers and truth values in any byte order;
//! `.csv` has a row for each line, with commas, and may have one line of headings. Every number is taken as the double that
//! the file holds, or that its decimal digits are nearest to: what is proved with it is proved of that double.

use std::sync::Arc;

use npyz::{DType, NpyFile, Order};

use crate::source::sha256;

/// A file of numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// The SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
    /// Its extents, at most two.
    pub shape: Vec<usize>,
    /// Its numbers, row by row, all finite.
    pub values: Arc<[f64]>,
}

/// The largest number of entries.
pub const MAX_ENTRIES: usize = 1 << 22;

/// Reads the numbers of a file by the end of its name.
///
/// # Errors
/// What is wrong with it, in words.
pub fn table(name: &str, bytes: &[u8]) -> Result<Table, String> {
    let ending = name.rsplit_once('.').map(|(_, e)| e.to_ascii_lowercase());
    let (shape, values) = match ending.as_deref() {
        Some("npy") => npy(bytes)?,
        Some("csv") => csv(bytes)?,
        _ => return Err("numbers are read from files that end in .npy or .csv".to_owned()),
    };
    if let Some(at) = values.iter().position(|v| !v.is_finite()) {
        return Err(format!("entry {} is {}, and no number", at + 1, values[at]));
    }
    Ok(Table { name: name.to_owned(), sha256: sha256(bytes), shape, values: values.into() })
}

fn npy(bytes: &[u8]) -> Result<(Vec<usize>, Vec<f64>), String> {
    let file = NpyFile::new(bytes).map_err(|e| format!("it is no .npy file: {e}"))?;
    let shape: Vec<usize> =
        file.shape().iter().map(|n| usize::try_from(*n).map_err(|_| too_many())).collect::<Result<_, _>>()?;
    let total = shape.iter().try_fold(1usize, |all, n| all.checked_mul(*n)).ok_or_else(too_many)?;
    if total > MAX_ENTRIES {
        return Err(too_many());
    }
    if shape.len() > 2 {
        return Err(format!("it has {} axes, and a tensor of this language at most two", shape.len()));
    }
    let columns = file.order() == Order::Fortran;
    let DType::Plain(kind) = file.dtype() else {
        return Err("its entries are records, and not numbers".to_owned());
    };
    let kind = kind.to_string();
    let read = |e: std::io::Error| format!("its entries cannot be read: {e}");
    macro_rules! entries {
        ($($word:literal => $ty:ty),*) => {
            match kind.trim_start_matches(['<', '>', '|', '=']) {
                $($word => file.into_vec::<$ty>().map_err(read)?.into_iter().map(|v| v as f64).collect::<Vec<f64>>(),)*
                "b1" => file.into_vec::<bool>().map_err(read)?.into_iter().map(|v| f64::from(u8::from(v))).collect(),
                _ => return Err(format!("its entries are of the kind `{kind}`, and not real numbers")),
            }
        };
    }
    let values = entries!(
        "f8" => f64, "f4" => f32, "i8" => i64, "i4" => i32, "i2" => i16, "i1" => i8,
        "u8" => u64, "u4" => u32, "u2" => u16, "u1" => u8
    );
    if values.len() != total {
        return Err(format!("it ends after {} of {total} entries", values.len()));
    }
    match shape[..] {
        [rows, cols] if columns => {
            let at = |k: usize| values[(k % cols) * rows + k / cols];
            Ok((shape, (0..total).map(at).collect()))
        }
        _ => Ok((shape, values)),
    }
}

fn csv(bytes: &[u8]) -> Result<(Vec<usize>, Vec<f64>), String> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).trim(csv::Trim::All).from_reader(bytes);
    let mut values = Vec::new();
    let (mut rows, mut cols) = (0, 0);
    for (number, record) in reader.records().enumerate() {
        let record = record.map_err(|e| e.to_string())?;
        let row: Result<Vec<f64>, usize> =
            record.iter().enumerate().map(|(i, field)| field.parse::<f64>().map_err(|_| i)).collect();
        match row {
            Ok(row) => {
                (rows, cols) = (rows + 1, row.len());
                values.extend(row);
            }
            // Headings.
            Err(_) if number == 0 => {}
            Err(i) => {
                let line = record.position().map_or(number as u64 + 1, csv::Position::line);
                let field: String = record.get(i).unwrap_or_default().chars().take(40).collect();
                return Err(format!("line {line}, field {}: {field:?} is no number", i + 1));
            }
        }
        if values.len() > MAX_ENTRIES {
            return Err(too_many());
        }
    }
    if rows == 0 {
        return Err("it holds no row of numbers".to_owned());
    }
    Ok((vec![rows, cols], values))
}

fn too_many() -> String {
    format!("it holds more than {MAX_ENTRIES} numbers")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_a_csv_file() {
        let t = table("a.csv", b"x, y\n1, 2.5\n-3e2, 4\n").expect("a table");
        assert_eq!((t.shape, t.values.to_vec()), (vec![2, 2], vec![1.0, 2.5, -300.0, 4.0]));
        assert!(table("a.csv", b"1,2\n3\n").is_err());
        assert_eq!(table("a.csv", b"1\nx\n").unwrap_err(), "line 2, field 1: \"x\" is no number");
        assert!(table("a.csv", b"x\n").is_err());
        assert!(table("a.csv", b"1\ninf\n").unwrap_err().contains("entry 2"));
        assert!(table("a.txt", b"1").is_err());
    }

    /// A header as NumPy writes it, and entries.
    fn file(header: &str, entries: &[u8]) -> Vec<u8> {
        let mut text = header.to_owned();
        while !(10 + text.len() + 1).is_multiple_of(64) {
            text.push(' ');
        }
        text.push('\n');
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((text.len() as u16).to_le_bytes());
        bytes.extend(text.bytes());
        bytes.extend(entries);
        bytes
    }

    #[test]
    fn entries_of_an_npy_file() {
        let doubles: Vec<u8> = (1..=6).flat_map(|k| f64::from(k).to_le_bytes()).collect();
        let t = table("a.npy", &file("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }", &doubles));
        assert_eq!(t.expect("a table").values.to_vec(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let t = table("a.npy", &file("{'descr': '<f8', 'fortran_order': True, 'shape': (2, 3), }", &doubles));
        let t = t.expect("a table");
        assert_eq!((t.shape, t.values.to_vec()), (vec![2, 3], vec![1.0, 3.0, 5.0, 2.0, 4.0, 6.0]));
        let t = table("a.npy", &file("{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }", &[7, 0, 255]));
        let t = t.expect("a table");
        assert_eq!((t.shape, t.values.to_vec()), (vec![3], vec![7.0, 0.0, 255.0]));
        let short = file("{'descr': '<f8', 'fortran_order': False, 'shape': (9,), }", &doubles);
        assert!(table("a.npy", &short).is_err());
        assert!(table("a.npy", b"no array").is_err());
        let many = file("{'descr': '<f8', 'fortran_order': False, 'shape': (4000000000, 4000000000), }", &doubles);
        assert!(table("a.npy", &many).unwrap_err().contains("more than"));
        let complex = file("{'descr': '<c16', 'fortran_order': False, 'shape': (1,), }", &doubles);
        assert!(table("a.npy", &complex).unwrap_err().contains("c16"));
    }
}
