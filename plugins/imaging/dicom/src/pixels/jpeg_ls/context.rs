//! What the coder has learnt of errors in one context (A.6).

/// A regular context: `A`, `B`, `C`, `N`.
#[derive(Clone)]
pub struct Context {
    sum: i32,
    bias: i32,
    pub correction: i32,
    n: i32,
}

impl Context {
    pub fn new(range: i32) -> Self {
        Self { sum: start(range), bias: 0, correction: 0, n: 1 }
    }

    pub fn k(&self) -> u32 {
        golomb(self.n, self.sum)
    }

    /// Whether errors are mapped the other way round (A.5.2).
    pub fn turned(&self) -> bool {
        2 * self.bias <= -self.n
    }

    pub fn update(&mut self, error: i32, near: i32, reset: i32) {
        self.sum += error.abs();
        self.bias += error * (2 * near + 1);
        if self.n == reset {
            self.sum >>= 1;
            self.bias >>= 1;
            self.n >>= 1;
        }
        self.n += 1;
        if self.bias <= -self.n {
            self.bias = (self.bias + self.n).max(1 - self.n);
            self.correction = (self.correction - 1).max(-128);
        } else if self.bias > 0 {
            self.bias = (self.bias - self.n).min(0);
            self.correction = (self.correction + 1).min(127);
        }
    }
}

/// A context of samples that end a run: `A`, `N`, `Nn`.
#[derive(Clone)]
pub struct RunContext {
    /// 1 where the neighbours are alike.
    kind: i32,
    sum: i32,
    n: i32,
    n_negative: i32,
}

impl RunContext {
    pub fn new(range: i32, kind: i32) -> Self {
        Self { kind, sum: start(range), n: 1, n_negative: 0 }
    }

    pub fn k(&self) -> u32 {
        golomb(self.n, self.sum + (self.n >> 1) * self.kind)
    }

    /// The error behind a mapped value (A.7.2.2).
    pub fn error(&self, mapped: i32, k: u32) -> i32 {
        let value = mapped + self.kind;
        let odd = value & 1;
        let size = (value + odd) / 2;
        let negative = k != 0 || 2 * self.n_negative >= self.n;
        if negative == (odd == 1) { -size } else { size }
    }

    pub fn update(&mut self, error: i32, mapped: i32, reset: i32) {
        self.n_negative += i32::from(error < 0);
        self.sum += (mapped + 1 - self.kind) >> 1;
        if self.n == reset {
            self.sum >>= 1;
            self.n >>= 1;
            self.n_negative >>= 1;
        }
        self.n += 1;
    }
}

fn start(range: i32) -> i32 {
    ((range + 32) / 64).max(2)
}

fn golomb(n: i32, sum: i32) -> u32 {
    (0..24).find(|k| i64::from(n) << k >= i64::from(sum)).unwrap_or(24)
}
