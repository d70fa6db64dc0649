//! Names and messages as text: for programs, for one line that people read, and as a word of a shell's command.

use std::ffi::OsStr;
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// A path as programs are told it: its own text. Only bytes that are no UTF-8 are written out, as `\xff`.
pub fn plain(path: &Path) -> String {
    let mut text = String::new();
    for chunk in path.as_os_str().as_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|byte| put(&mut text, format_args!("\\x{byte:02x}")));
    }
    text
}

/// A path for one line of text.
pub fn shown(path: &Path) -> String {
    one_line(&plain(path))
}

/// Text that stays on its line and is only text, whoever wrote it: what ends a line, moves a terminal's cursor or turns the
/// direction of writing is written out, as `\n` or `\u{1b}`.
pub fn one_line(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        if acts(letter) { safe.extend(letter.escape_default()) } else { safe.push(letter) }
    }
    safe
}

/// True for letters that do something instead of being seen.
fn acts(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// One word for `bash`, `zsh` or `ksh`: as it is, in `'…'`, or where it cannot be seen as it is, in `$'…'`.
pub fn quoted(word: impl AsRef<OsStr>) -> String {
    let word = word.as_ref();
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "-_./:,+@%=".contains(letter);
    match word.to_str() {
        Some(text) if !text.is_empty() && text.chars().all(is_plain) => return text.to_owned(),
        Some(text) if !text.chars().any(acts) => return format!("'{}'", text.replace('\'', "'\\''")),
        _ => {}
    }
    let mut safe = "$'".to_owned();
    for chunk in word.as_bytes().utf8_chunks() {
        for letter in chunk.valid().chars() {
            match letter {
                '\'' | '\\' => safe.extend(['\\', letter]),
                letter if acts(letter) => bytes(&mut safe, letter.encode_utf8(&mut [0; 4]).as_bytes()),
                letter => safe.push(letter),
            }
        }
        bytes(&mut safe, chunk.invalid());
    }
    safe + "'"
}

fn bytes(text: &mut String, bytes: &[u8]) {
    // Three digits are all that a shell takes, whatever follows.
    bytes.iter().for_each(|byte| put(text, format_args!("\\{byte:03o}")));
}

fn put(text: &mut String, what: std::fmt::Arguments) {
    // Writing into text does not fail.
    let _ = text.write_fmt(what);
}

#[cfg(test)]
mod tests {
    use super::{one_line, plain, quoted, shown};
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    use std::path::Path;

    const BAD: &[u8] = b"it's \xff7\\n\n.nii";

    #[test]
    fn names_stay_on_one_line() {
        assert_eq!(shown(Path::new("a b/\"ü\"\n.nii")), "a b/\"ü\"\\n.nii");
        assert_eq!(shown(Path::new(OsStr::from_bytes(BAD))), "it's \\xff7\\n\\n.nii");
        assert_eq!(one_line("a\u{1b}[2J\r\u{202e}\u{2028}ü\u{85}"), "a\\u{1b}[2J\\r\\u{202e}\\u{2028}ü\\u{85}");
    }

    #[test]
    fn programs_get_the_name_itself() {
        assert_eq!(plain(Path::new("new\nline\\n.nii")), "new\nline\\n.nii");
        assert_eq!(plain(Path::new(OsStr::from_bytes(BAD))), "it's \\xff7\\n\n.nii");
    }

    #[test]
    fn a_shell_reads_every_word_as_it_was() {
        let words: [&[u8]; 6] = [b"a/b.nii", b"", b"a b", b"it's $HOME `x` \"\\", BAD, "\u{1b}1ü\u{202e}".as_bytes()];
        for word in words {
            let word = OsStr::from_bytes(word);
            let said = format!("printf %s {}", quoted(word));
            let read = std::process::Command::new("bash").args(["-c", &said]).output().unwrap();
            assert_eq!(OsStr::from_bytes(&read.stdout), word, "{said}");
        }
        assert_eq!((quoted("a/b.nii"), quoted("a b")), ("a/b.nii".to_owned(), "'a b'".to_owned()));
    }
}
