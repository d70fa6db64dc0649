//! Markers up to the first scan.

use super::Refusal;

#[derive(Debug)]
pub struct Header {
    pub width: usize,
    pub height: usize,
    pub precision: u32,
    /// The largest sample, `MAXVAL`.
    pub most: i32,
    pub near: i32,
    /// `T1`, `T2`, `T3`.
    pub thresholds: [i32; 3],
    pub reset: i32,
    /// Where the scan's bits begin.
    pub data: usize,
}

/// # Errors
/// Markers are missing or damaged, or say something that is not decoded.
pub fn read(frame: &[u8]) -> Result<Header, Refusal> {
    if !frame.starts_with(&[0xFF, 0xD8]) {
        return Err("the JPEG-LS has no beginning".into());
    }
    let (mut at, mut size, mut preset) = (2, None, None);
    loop {
        let head = frame.get(at..at + 4).ok_or("the JPEG-LS ends in its header")?;
        let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
        let body = frame.get(at + 4..at + 2 + length.max(2)).ok_or("the JPEG-LS ends in its header")?;
        at += 2 + length.max(2);
        match (head[0], head[1]) {
            (0xFF, 0xF7) => size = Some(frame_header(body)?),
            (0xFF, 0xF8) => preset = Some(preset_of(body)?),
            (0xFF, 0xDD) if body.iter().any(|byte| *byte != 0) => return Err(Refusal::Variant("it has restarts".into())),
            (0xFF, 0xDA) => {
                let (precision, height, width) = size.ok_or("the JPEG-LS has no frame header")?;
                return scan_header(body, precision, preset.unwrap_or_default()).map(|header| Header {
                    width,
                    height,
                    data: at,
                    ..header
                });
            }
            (0xFF, 0xC0..=0xFE) => {}
            _ => return Err("the JPEG-LS has a damaged marker".into()),
        }
    }
}

fn frame_header(body: &[u8]) -> Result<(u32, usize, usize), Refusal> {
    let [precision, h1, h0, w1, w0, components, ..] = *body else { return Err("the JPEG-LS frame header is truncated".into()) };
    if components != 1 {
        return Err(Refusal::Variant(format!("it has {components} components")));
    }
    if !(2..=16).contains(&precision) {
        return Err(format!("the JPEG-LS has {precision} bits").into());
    }
    let word = |high, low| usize::from(u16::from_be_bytes([high, low]));
    Ok((u32::from(precision), word(h1, h0), word(w1, w0)))
}

/// `MAXVAL`, `T1`, `T2`, `T3`, `RESET`; 0 means the default.
fn preset_of(body: &[u8]) -> Result<[i32; 5], Refusal> {
    match body.first() {
        Some(1) => {}
        _ => return Err(Refusal::Variant("it has tables".into())),
    }
    let values = body[1..].as_chunks::<2>().0.iter().map(|pair| i32::from(u16::from_be_bytes(*pair))).collect::<Vec<_>>();
    values.try_into().map_err(|_| "the JPEG-LS parameters are truncated".into())
}

fn scan_header(body: &[u8], precision: u32, preset: [i32; 5]) -> Result<Header, Refusal> {
    let [1, _, table, near, _, transform] = *body else { return Err("the JPEG-LS scan header is damaged".into()) };
    if table != 0 || transform != 0 {
        return Err(Refusal::Variant("it has a table or a point transform".into()));
    }
    let full = (1 << precision) - 1;
    let most = if preset[0] == 0 { full } else { preset[0] };
    let near = i32::from(near);
    if most > full || near > (most / 2).min(255) {
        return Err("the JPEG-LS parameters contradict each other".into());
    }
    let defaults = thresholds(most, near);
    let pick = |index: usize| if preset[index + 1] == 0 { defaults[index] } else { preset[index + 1] };
    let reset = if preset[4] == 0 { 64 } else { preset[4] };
    let thresholds = [pick(0), pick(1), pick(2)];
    if !(thresholds.is_sorted() && thresholds[0] > near && thresholds[2] <= most && reset >= 3) {
        return Err("the JPEG-LS parameters contradict each other".into());
    }
    Ok(Header { width: 0, height: 0, precision, most, near, thresholds, reset, data: 0 })
}

/// C.2.4.1.1.
fn thresholds(most: i32, near: i32) -> [i32; 3] {
    let clamp = |value: i32, least: i32| if value > most || value < least { least } else { value };
    let basic = match most >= 128 {
        true => {
            let factor = (most.min(4095) + 128) / 256;
            [factor + 2 + 3 * near, factor * 4 + 3 + 5 * near, factor * 17 + 4 + 7 * near]
        }
        false => {
            let factor = 256 / (most + 1);
            [2.max(3 / factor + 3 * near), 3.max(7 / factor + 5 * near), 4.max(21 / factor + 7 * near)]
        }
    };
    let first = clamp(basic[0], near + 1);
    let second = clamp(basic[1], first);
    [first, second, clamp(basic[2], second)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_thresholds_are_the_standards() {
        // T.87 table C.2 names these for 8 bits, lossless.
        assert_eq!(thresholds(255, 0), [3, 7, 21]);
        assert_eq!(thresholds(4095, 0), [18, 67, 276]);
    }
}
