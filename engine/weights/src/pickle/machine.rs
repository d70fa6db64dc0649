//! The pickle machine: a stack, a memo, and one instruction a byte.
//!
//! Instructions and their effects: CPython's `Lib/pickletools.py`. Protocols 0 to 5, without `INST`, `OBJ`, the extension
//! registry and out-of-band buffers, which PyTorch never writes.

use super::build::{call, persistent};
use super::bytes::{Input, text};
use super::globals::lookup;
use super::value::{Heap, Value};
use crate::Fault;
use std::collections::HashMap;

/// Instructions that one file may take; a network of 100 000 tensors takes four million.
const MAX_STEPS: usize = 20_000_000;

/// Follows one pickle to its `STOP` and gives what it leaves.
///
/// # Errors
/// The pickle breaks off, contradicts itself, or asks for a name that is not on the list.
pub(crate) fn run(input: &mut Input<'_>, heap: &mut Heap) -> Result<Value, Fault> {
    let mut machine = Machine { input, heap, stack: Vec::new(), marks: Vec::new(), memo: HashMap::new() };
    for _ in 0..MAX_STEPS {
        let code = machine.input.byte()?;
        if code == b'.' {
            return machine.pop();
        }
        machine.step(code)?;
    }
    Err(Fault::damaged(format!("a pickle of more than {MAX_STEPS} instructions")))
}

struct Machine<'m, 'a> {
    input: &'m mut Input<'a>,
    heap: &'m mut Heap,
    stack: Vec<Value>,
    /// Heights of the stack; nothing below the last may be popped.
    marks: Vec<usize>,
    memo: HashMap<usize, Value>,
}

impl Machine<'_, '_> {
    fn step(&mut self, code: u8) -> Result<(), Fault> {
        match code {
            0x80 => drop(self.input.byte()?),
            0x95 => drop(self.input.array::<8>()?),
            b'(' => self.marks.push(self.stack.len()),
            b'0' => drop(self.pop_or_mark()?),
            b'1' => drop(self.pop_mark()?),
            b'2' => self.stack.push(self.top()?.clone()),
            b'c' => {
                let (module, name) = (self.input.line()?, self.input.line()?);
                self.stack.push(Value::Global(lookup(module, name)?));
            }
            0x93 => self.stack_global()?,
            b'Q' => {
                let id = self.pop()?;
                let storage = persistent(self.heap, &id)?;
                self.stack.push(storage);
            }
            b'R' | 0x81 => {
                let (args, callable) = (self.pop()?, self.pop()?);
                self.call(&callable, &args)?;
            }
            0x92 => {
                let (_, args, callable) = (self.pop()?, self.pop()?, self.pop()?);
                self.call(&callable, &args)?;
            }
            // Attributes of a dictionary (`_metadata`) or of something set aside: not weights.
            b'b' => {
                self.pop()?;
                self.top()?;
            }
            b'g' | b'h' | b'j' | b'p' | b'q' | b'r' | 0x94 => self.memory(code)?,
            b')' | b']' | b'}' | b't' | b'l' | b'd' | 0x85..=0x87 | 0x8f | 0x91 | b'a' | b'e' | b's' | b'u' | 0x90 => {
                self.container(code)?;
            }
            _ => {
                let value = self.scalar(code)?;
                self.stack.push(value);
            }
        }
        Ok(())
    }

    fn scalar(&mut self, code: u8) -> Result<Value, Fault> {
        Ok(match code {
            b'N' => Value::None,
            0x88 | 0x89 => Value::Bool,
            b'J' => Value::Int(i32::from_le_bytes(self.input.array()?).into()),
            b'K' => Value::Int(self.input.byte()?.into()),
            b'M' => Value::Int(u16::from_le_bytes(self.input.array()?).into()),
            0x8a => self.long::<1>()?,
            0x8b => self.long::<4>()?,
            b'I' | b'L' => decimal(self.input.line()?)?,
            b'X' => self.text::<4>()?,
            0x8c => self.text::<1>()?,
            0x8d => self.text::<8>()?,
            b'T' => self.old_text::<4>()?,
            b'U' => self.old_text::<1>()?,
            b'V' => Value::Text(self.input.line()?.into()),
            b'S' => Value::Text(self.input.line()?.trim_matches(['\'', '"']).into()),
            b'F' => self.input.line().map(|_| Value::Other)?,
            b'G' => self.input.take(8).map(|_| Value::Other)?,
            b'B' => self.skip::<4>()?,
            b'C' => self.skip::<1>()?,
            0x8e | 0x96 => self.skip::<8>()?,
            other => {
                let at = self.input.position() - 1;
                return Err(Fault::damaged(format!("byte {other:#04x} at {at} is no instruction of a checkpoint's pickle")));
            }
        })
    }

    fn container(&mut self, code: u8) -> Result<(), Fault> {
        let value = match code {
            b')' | b']' => self.heap.sequence(Vec::new()),
            b'}' => self.heap.dict(Vec::new()),
            0x8f => Value::Other,
            0x85..=0x87 => {
                let items = self.pop_n(usize::from(code - 0x84))?;
                self.heap.sequence(items)
            }
            b't' | b'l' => {
                let items = self.pop_mark()?;
                self.heap.sequence(items)
            }
            0x91 => self.pop_mark().map(|_| Value::Other)?,
            b'd' => {
                let items = self.pop_mark()?;
                let pairs = pairs(items)?;
                self.heap.dict(pairs)
            }
            b's' => {
                let items = self.pop_n(2)?;
                return self.extend(items, true);
            }
            b'u' => {
                let items = self.pop_mark()?;
                return self.extend(items, true);
            }
            b'a' => {
                let items = self.pop_n(1)?;
                return self.extend(items, false);
            }
            // APPENDS and ADDITEMS.
            _ => {
                let items = self.pop_mark()?;
                return self.extend(items, false);
            }
        };
        self.stack.push(value);
        Ok(())
    }

    /// Puts items into the container on top of the stack.
    fn extend(&mut self, items: Vec<Value>, keyed: bool) -> Result<(), Fault> {
        match (self.top()?.clone(), keyed) {
            (Value::Dict(id), true) => self.heap.pairs_mut(id)?.extend(pairs(items)?),
            (Value::Sequence(id), false) => self.heap.items_mut(id)?.extend(items),
            (Value::Other, _) => {}
            (other, _) => return Err(Fault::damaged(format!("items are put into {other:?}"))),
        }
        Ok(())
    }

    fn memory(&mut self, code: u8) -> Result<(), Fault> {
        let line =
            |input: &mut Input<'_>| input.line()?.parse::<usize>().map_err(|_| Fault::damaged("a memo's index is not a number"));
        let index = match code {
            b'g' | b'p' => line(self.input)?,
            b'h' | b'q' => self.input.length::<1>()?,
            b'j' | b'r' => self.input.length::<4>()?,
            _ => self.memo.len(),
        };
        if matches!(code, b'g' | b'h' | b'j') {
            let value = self.memo.get(&index).ok_or_else(|| Fault::damaged(format!("memo {index} is empty")))?;
            self.stack.push(value.clone());
        } else {
            self.memo.insert(index, self.top()?.clone());
        }
        Ok(())
    }

    fn stack_global(&mut self) -> Result<(), Fault> {
        match (self.pop()?, self.pop()?) {
            (Value::Text(name), Value::Text(module)) => self.stack.push(Value::Global(lookup(&module, &name)?)),
            _ => return Err(Fault::damaged("a name that is not text")),
        }
        Ok(())
    }

    fn call(&mut self, callable: &Value, args: &Value) -> Result<(), Fault> {
        let made = call(self.heap, callable, args)?;
        self.stack.push(made);
        Ok(())
    }

    fn text<const N: usize>(&mut self) -> Result<Value, Fault> {
        let n = self.input.length::<N>()?;
        Ok(Value::Text(text(self.input.take(n)?)?.into()))
    }

    /// Text of Python 2, in no known encoding: kept where it is UTF-8.
    fn old_text<const N: usize>(&mut self) -> Result<Value, Fault> {
        let n = self.input.length::<N>()?;
        Ok(text(self.input.take(n)?).map_or(Value::Other, |text| Value::Text(text.into())))
    }

    fn skip<const N: usize>(&mut self) -> Result<Value, Fault> {
        let n = self.input.length::<N>()?;
        self.input.take(n).map(|_| Value::Other)
    }

    /// A little-endian integer in two's complement; beyond 16 bytes it is set aside.
    fn long<const N: usize>(&mut self) -> Result<Value, Fault> {
        let n = self.input.length::<N>()?;
        let bytes = self.input.take(n)?;
        let negative = bytes.last().is_some_and(|byte| byte & 0x80 != 0);
        let mut wide = if negative { [0xff; 16] } else { [0; 16] };
        let Some(low) = wide.get_mut(..n) else { return Ok(Value::Other) };
        low.copy_from_slice(bytes);
        Ok(Value::Int(i128::from_le_bytes(wide)))
    }

    fn top(&self) -> Result<&Value, Fault> {
        self.stack[self.floor()..].last().ok_or_else(empty)
    }

    fn floor(&self) -> usize {
        self.marks.last().copied().unwrap_or(0)
    }

    fn pop(&mut self) -> Result<Value, Fault> {
        if self.stack.len() <= self.floor() {
            return Err(empty());
        }
        self.stack.pop().ok_or_else(empty)
    }

    /// `POP`, which takes a mark where that is the last thing put.
    fn pop_or_mark(&mut self) -> Result<(), Fault> {
        if self.marks.last() == Some(&self.stack.len()) {
            self.marks.pop();
            return Ok(());
        }
        self.pop().map(drop)
    }

    fn pop_n(&mut self, n: usize) -> Result<Vec<Value>, Fault> {
        let start = self.stack.len().checked_sub(n).filter(|&start| start >= self.floor()).ok_or_else(empty)?;
        Ok(self.stack.split_off(start))
    }

    fn pop_mark(&mut self) -> Result<Vec<Value>, Fault> {
        let mark = self.marks.pop().ok_or_else(|| Fault::damaged("a mark is missing in the pickle"))?;
        Ok(self.stack.split_off(mark))
    }
}

fn pairs(items: Vec<Value>) -> Result<Vec<(Value, Value)>, Fault> {
    let mut pairs = Vec::with_capacity(items.len() / 2);
    let mut items = items.into_iter();
    while let Some(key) = items.next() {
        let value = items.next().ok_or_else(|| Fault::damaged("a dictionary's key without a value"))?;
        pairs.push((key, value));
    }
    Ok(pairs)
}

/// `INT` and `LONG` of protocol 0, where `I01` and `I00` are booleans.
fn decimal(line: &str) -> Result<Value, Fault> {
    match line {
        "01" | "00" => Ok(Value::Bool),
        _ => line.trim_end_matches('L').parse().map(Value::Int).map_err(|_| Fault::damaged("a number has no digits")),
    }
}

fn empty() -> Fault {
    Fault::damaged("the pickle takes from an empty stack")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pickle: &[u8]) -> Result<Value, Fault> {
        run(&mut Input::new(pickle), &mut Heap::default())
    }

    #[test]
    fn reads_numbers_of_every_width() {
        for (pickle, number) in [
            (&b"\x80\x02K\x07."[..], 7),
            (b"J\xfe\xff\xff\xff.", -2),
            (b"M\x01\x02.", 513),
            (b"\x8a\x01\xff.", -1),
            (b"\x8a\x00.", 0),
            (b"I-12\n.", -12),
            (b"L12L\n.", 12),
        ] {
            assert!(matches!(read(pickle), Ok(Value::Int(n)) if n == number), "{pickle:?}");
        }
    }

    #[test]
    fn refuses_to_run_a_shell() {
        // What `pickle.dumps` makes of a class whose __reduce__ is (os.system, ("id",)).
        let text = read(b"\x80\x02cposix\nsystem\nX\x02\x00\x00\x00id\x85R.").unwrap_err().to_string();
        assert!(text.contains("`posix.system`"), "{text}");
        let text = read(b"\x80\x04\x8c\x05posix\x8c\x06system\x93.").unwrap_err().to_string();
        assert!(text.contains("`posix.system`"), "{text}");
    }

    #[test]
    fn nesting_without_end_is_no_recursion() {
        let mut pickle = vec![b']'; 200_000];
        pickle.extend(vec![b'a'; 199_999]);
        pickle.push(b'.');
        assert!(matches!(read(&pickle), Ok(Value::Sequence(_))));
    }

    #[test]
    fn damage_is_an_error() {
        for pickle in [
            &b""[..],
            b".",
            b"(0.",
            b"t.",
            b"(K\x01u.",
            b"h\x05.",
            b"X\xff\xff\xff\xffa.",
            b"}K\x01K\x02K\x03u.",
            b"\xff.",
            b"Q.",
        ] {
            assert!(read(pickle).is_err(), "{pickle:?}");
        }
    }
}
