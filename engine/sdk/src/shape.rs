//! Shapes with symbols: `[N, 1, D%16, H, W]`.

use std::fmt;

/// One dimension of a shape.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Dimension {
    Fixed(i64),
    /// A symbol and what it must be divisible by.
    Symbol(String, i64),
}

/// A shape to hold tensors against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shape {
    /// True where any number of dimensions may lead.
    open: bool,
    dimensions: Vec<Dimension>,
}

impl Shape {
    /// Reads `[N, 1, D%16, H, W]`, `[…, C, H, W]`.
    ///
    /// # Errors
    /// A sentence on what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let inner = text.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        let inner = inner.ok_or_else(|| format!("shape `{text}` must stand in [ ]"))?;
        let mut words: Vec<&str> = inner.split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
        let open = matches!(words.first(), Some(&"…" | &"..."));
        if open {
            words.remove(0);
        }
        let dimensions = words.into_iter().map(|word| Self::dimension(word, text)).collect::<Result<_, _>>()?;
        Ok(Self { open, dimensions })
    }

    fn dimension(word: &str, text: &str) -> Result<Dimension, String> {
        if let Ok(size) = word.parse() {
            return Ok(Dimension::Fixed(size));
        }
        let (symbol, divisor) = word.split_once('%').unwrap_or((word, "1"));
        let divisor = divisor.parse().ok().filter(|divisor| *divisor > 0);
        let divisor = divisor.ok_or_else(|| format!("shape `{text}`: `{word}` needs a number after %"))?;
        if symbol.is_empty() || !symbol.chars().all(|letter| letter.is_alphanumeric() || letter == '_') {
            return Err(format!("shape `{text}`: `{word}` is neither a size nor a symbol"));
        }
        Ok(Dimension::Symbol(symbol.into(), divisor))
    }

    /// Holds `sizes` against the shape; `bound` remembers what each symbol stands for, and at which port.
    ///
    /// # Errors
    /// A sentence that starts with `is`.
    pub fn check(&self, sizes: &[i64], port: &str, bound: &mut Vec<(String, i64, String)>) -> Result<(), String> {
        let n = self.dimensions.len();
        if sizes.len() < n || (!self.open && sizes.len() > n) {
            return Err(format!("is {sizes:?}, expected {self}"));
        }
        for (dimension, &size) in self.dimensions.iter().zip(&sizes[sizes.len() - n..]) {
            match dimension {
                Dimension::Fixed(expected) if size != *expected => return Err(format!("is {sizes:?}, expected {self}")),
                Dimension::Fixed(_) => {}
                Dimension::Symbol(symbol, divisor) => {
                    if size % divisor != 0 {
                        return Err(format!("is {sizes:?}: {symbol} is {size}, it must be divisible by {divisor}"));
                    }
                    match bound.iter().find(|(name, ..)| name == symbol) {
                        Some((_, before, there)) if *before != size => {
                            return Err(format!("is {sizes:?}: {symbol} is {size} here and {before} in `{there}`"));
                        }
                        Some(_) => {}
                        None => bound.push((symbol.clone(), size, port.into())),
                    }
                }
            }
        }
        Ok(())
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut words: Vec<String> = self.open.then(|| "…".to_owned()).into_iter().collect();
        words.extend(self.dimensions.iter().map(|dimension| match dimension {
            Dimension::Fixed(size) => size.to_string(),
            Dimension::Symbol(symbol, 1) => symbol.clone(),
            Dimension::Symbol(symbol, divisor) => format!("{symbol}%{divisor}"),
        }));
        write!(f, "[{}]", words.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::Shape;

    fn check(shape: &str, sizes: &[i64]) -> Result<(), String> {
        Shape::parse(shape)?.check(sizes, "image", &mut vec![("N".into(), 2, "label".into())])
    }

    #[test]
    fn holds_sizes_against_symbols() {
        assert_eq!(check("[N, 1, D%16]", &[2, 1, 32]), Ok(()));
        assert_eq!(check("[…, D]", &[4, 5, 6]), Ok(()));
        assert_eq!(check("[N, 1]", &[2, 3]), Err("is [2, 3], expected [N, 1]".into()));
        assert_eq!(check("[N]", &[2, 3]), Err("is [2, 3], expected [N]".into()));
        assert_eq!(check("[N]", &[3]), Err("is [3]: N is 3 here and 2 in `label`".into()));
        assert_eq!(check("[D%16]", &[20]), Err("is [20]: D is 20, it must be divisible by 16".into()));
    }

    #[test]
    fn refuses_what_is_no_shape() {
        assert!(Shape::parse("N, 1").is_err());
        assert!(Shape::parse("[D%x]").is_err());
        assert!(Shape::parse("[a-b]").is_err());
    }
}
