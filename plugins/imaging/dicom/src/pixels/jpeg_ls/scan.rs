//! The samples of a scan, line by line (annex A).

use super::bits::Bits;
use super::context::{Context, RunContext};
use super::header::Header;

/// Exponents of the lengths of runs.
const RUNS: [u32; 32] = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15];

/// All samples of one component.
///
/// # Errors
/// The bits end early or make no sense.
pub fn decode(bytes: &[u8], header: &Header) -> Result<Vec<u16>, String> {
    let mut scan = Scan::new(bytes, header);
    let width = header.width;
    // One more on both sides: what lies left of the first and right of the last sample.
    let (mut above, mut line) = (vec![0; width + 2], vec![0; width + 2]);
    let mut samples = Vec::with_capacity(width * header.height);
    for _ in 0..header.height {
        above[width + 1] = above[width];
        line[0] = above[1];
        scan.line(&above, &mut line, width)?;
        samples.extend(line[1..=width].iter().map(|value| *value as u16));
        std::mem::swap(&mut above, &mut line);
    }
    Ok(samples)
}

struct Scan<'a> {
    bits: Bits<'a>,
    header: &'a Header,
    range: i32,
    /// Bits of an error, `qbpp`.
    error_bits: u32,
    limit: u32,
    contexts: Vec<Context>,
    runs: [RunContext; 2],
    run_index: usize,
}

impl<'a> Scan<'a> {
    fn new(bytes: &'a [u8], header: &'a Header) -> Self {
        let range = (header.most + 2 * header.near) / (2 * header.near + 1) + 1;
        let log2 = |value: i32| 32 - (value - 1).leading_zeros();
        let bits = log2(header.most + 1).max(2);
        Self {
            bits: Bits::new(bytes),
            header,
            range,
            error_bits: log2(range),
            limit: 2 * (bits + bits.max(8)),
            contexts: vec![Context::new(range); 365],
            runs: [RunContext::new(range, 0), RunContext::new(range, 1)],
            run_index: 0,
        }
    }

    fn line(&mut self, above: &[i32], line: &mut [i32], width: usize) -> Result<(), String> {
        let mut x = 1;
        while x <= width {
            let (left, up, corner, right) = (line[x - 1], above[x], above[x - 1], above[x + 1]);
            let steps = [right - up, up - corner, corner - left].map(|step| self.quantised(step));
            if steps == [0, 0, 0] {
                x += self.run(above, &mut line[x - 1..=width], x)?;
            } else {
                line[x] = self.regular(steps, left, up, corner)?;
                x += 1;
            }
        }
        Ok(())
    }

    fn quantised(&self, step: i32) -> i32 {
        let level = match step.abs() {
            size if size <= self.header.near => 0,
            size if size < self.header.thresholds[0] => 1,
            size if size < self.header.thresholds[1] => 2,
            size if size < self.header.thresholds[2] => 3,
            _ => 4,
        };
        level * step.signum()
    }

    fn regular(&mut self, steps: [i32; 3], left: i32, up: i32, corner: i32) -> Result<i32, String> {
        let index = 81 * steps[0] + 9 * steps[1] + steps[2];
        let sign = index.signum();
        let (near, reset) = (self.header.near, self.header.reset);
        let context = &self.contexts[index.unsigned_abs() as usize];
        let guess = match corner {
            corner if corner >= left.max(up) => left.min(up),
            corner if corner <= left.min(up) => left.max(up),
            corner => left + up - corner,
        };
        let guess = (guess + sign * context.correction).clamp(0, self.header.most);
        let k = context.k();
        let turned = near == 0 && k == 0 && context.turned();
        let mapped = self.golomb(k, self.limit)?;
        let plain = if mapped % 2 == 0 { mapped / 2 } else { -(mapped + 1) / 2 };
        let error = if turned { -1 - plain } else { plain };
        self.contexts[index.unsigned_abs() as usize].update(error, near, reset);
        Ok(self.sample(guess, sign * error))
    }

    /// Fills a run and the sample that ends it; says how many that were. `line` begins one before place `x`.
    fn run(&mut self, above: &[i32], line: &mut [i32], x: usize) -> Result<usize, String> {
        let (left, room) = (line[0], line.len() - 1);
        let mut length = 0;
        while length < room && self.bits.read(1)? == 1 {
            let full = 1 << RUNS[self.run_index];
            if length + full <= room {
                self.run_index = (self.run_index + 1).min(31);
            }
            length = (length + full).min(room);
        }
        if length < room {
            length += self.bits.read(RUNS[self.run_index])? as usize;
        }
        if length > room {
            return Err("a run of the JPEG-LS is longer than its line".into());
        }
        line[1..=length].fill(left);
        if length == room {
            return Ok(length);
        }
        line[length + 1] = self.end_of_run(left, above[x + length])?;
        self.run_index = self.run_index.saturating_sub(1);
        Ok(length + 1)
    }

    fn end_of_run(&mut self, left: i32, up: i32) -> Result<i32, String> {
        let alike = (left - up).abs() <= self.header.near;
        let kind = usize::from(alike);
        let k = self.runs[kind].k();
        let mapped = self.golomb(k, self.limit - RUNS[self.run_index] - 1)?;
        let error = self.runs[kind].error(mapped, k);
        self.runs[kind].update(error, mapped, self.header.reset);
        Ok(match alike {
            true => self.sample(left, error),
            false => self.sample(up, if left > up { -error } else { error }),
        })
    }

    fn golomb(&mut self, k: u32, limit: u32) -> Result<i32, String> {
        let long = limit.saturating_sub(self.error_bits + 1);
        let zeros = self.bits.zeros(long)?;
        match zeros < long {
            true => Ok(((zeros as i32) << k) + self.bits.read(k)?),
            false => Ok(self.bits.read(self.error_bits)? + 1),
        }
    }

    /// Guess and error make a sample, modulo the range (A.4.5).
    fn sample(&self, guess: i32, error: i32) -> i32 {
        let step = 2 * self.header.near + 1;
        let (near, most, range) = (self.header.near, self.header.most, self.range * step);
        let value = guess + error * step;
        let value = match value {
            value if value < -near => value + range,
            value if value > most + near => value - range,
            value => value,
        };
        value.clamp(0, most)
    }
}
