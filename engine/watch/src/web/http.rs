//! The little of HTTP/1.1 that looking on needs: one request a connection, without a body, within bounds of size and time.
//!
//! Whoever connects can hold neither memory nor threads: a request has [`HEAD`] bytes and [`ASK`], an answer [`TELL`], and at
//! most [`MOST`] are under way.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Bytes of a request.
const HEAD: usize = 8 << 10;
/// Header lines of a request.
const HEADERS: usize = 64;
/// How long a request may take to come.
const ASK: Duration = Duration::from_secs(5);
/// How long an answer may take to be taken.
const TELL: Duration = Duration::from_secs(30);
/// Connections at one time; a further one is closed.
const MOST: usize = 64;
/// Bytes that are read and thrown away after an answer, so that it is not lost with the connection.
const LEFT: usize = 64 << 10;

/// What is asked for.
#[derive(Debug)]
pub struct Request {
    pub method: String,
    /// Without what follows a `?`.
    pub path: String,
    pub host: Option<String>,
}

/// What is told.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub kind: &'static str,
    pub body: Vec<u8>,
}

/// Sent with every answer: nothing is kept, nothing is loaded from elsewhere, nobody else shows it.
const ALWAYS: &str = "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n\
Cross-Origin-Resource-Policy: same-origin\r\nCross-Origin-Opener-Policy: same-origin\r\n\
Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\nConnection: close\r\n";

/// Listens from now on, as long as the process lives; `answer` is called on a thread of the connection.
///
/// # Errors
/// The address cannot be had, or there is no thread.
pub fn listen(address: SocketAddr, answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> std::io::Result<SocketAddr> {
    let listener = TcpListener::bind(address)?;
    let bound = listener.local_addr()?;
    let (answer, busy) = (Arc::new(answer), Arc::new(AtomicUsize::new(0)));
    let accept = move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else {
                // No file is free, or the other side has gone: a moment later it may be better.
                std::thread::sleep(Duration::from_millis(50));
                continue;
            };
            if busy.load(Ordering::Relaxed) >= MOST {
                continue;
            }
            let (answer, seat) = (Arc::clone(&answer), Seat::take(&busy));
            let talk = move || {
                let _seat = seat;
                // Whoever asked has gone: nobody is there to be told.
                let _ = talk(stream, &*answer);
            };
            // Without a thread the connection is closed.
            let _ = std::thread::Builder::new().name("web".into()).spawn(talk);
        }
    };
    std::thread::Builder::new().name("web listens".into()).spawn(accept)?;
    Ok(bound)
}

/// Counts a connection as long as it lives.
struct Seat(Arc<AtomicUsize>);

impl Seat {
    fn take(busy: &Arc<AtomicUsize>) -> Self {
        busy.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(busy))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn talk(mut stream: TcpStream, answer: &dyn Fn(&Request) -> Answer) -> std::io::Result<()> {
    let asked = ask(&mut stream, Instant::now() + ASK)?;
    let (answer, is_head) = match &asked {
        Ok(request) => (answer(request), request.method == "HEAD"),
        Err((status, why)) => (text(*status, why), false),
    };
    let until = Instant::now() + TELL;
    let head = format!(
        "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n{ALWAYS}\r\n",
        answer.status,
        reason(answer.status),
        answer.kind,
        answer.body.len()
    );
    tell(&mut stream, head.as_bytes(), until)?;
    if !is_head {
        tell(&mut stream, &answer.body, until)?;
    }
    stream.shutdown(Shutdown::Write)?;
    forget(&mut stream, Instant::now() + Duration::from_secs(1));
    Ok(())
}

/// Reads a request; the inner error is what to tell of a wrong one.
fn ask(stream: &mut TcpStream, until: Instant) -> std::io::Result<Result<Request, (u16, &'static str)>> {
    let mut bytes = [0; HEAD];
    let mut n = 0;
    loop {
        match read(stream, &mut bytes[n..], until) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(more) => n += more,
            Err(error) if is_late(&error) => return Ok(Err((408, "the request took too long"))),
            Err(error) => return Err(error),
        }
        let mut headers = [httparse::EMPTY_HEADER; HEADERS];
        let mut request = httparse::Request::new(&mut headers);
        match request.parse(&bytes[..n]) {
            Ok(httparse::Status::Complete(_)) => return Ok(Ok(understood(&request))),
            Ok(httparse::Status::Partial) if n < HEAD => {}
            Ok(httparse::Status::Partial) | Err(httparse::Error::TooManyHeaders) => {
                return Ok(Err((431, "the request is too large")));
            }
            Err(_) => return Ok(Err((400, "this is no HTTP request"))),
        }
    }
}

fn understood(request: &httparse::Request) -> Request {
    let host = request.headers.iter().find(|header| header.name.eq_ignore_ascii_case("host"));
    let path = request.path.unwrap_or_default().split(['?', '#']).next().unwrap_or_default();
    Request {
        method: request.method.unwrap_or_default().into(),
        path: path.into(),
        host: host.map(|header| String::from_utf8_lossy(header.value).into_owned()),
    }
}

fn read(stream: &mut TcpStream, bytes: &mut [u8], until: Instant) -> std::io::Result<usize> {
    stream.set_read_timeout(Some(left(until)?))?;
    stream.read(bytes)
}

/// Writes in pieces, so that one who takes a byte a second does not hold the thread.
fn tell(stream: &mut TcpStream, bytes: &[u8], until: Instant) -> std::io::Result<()> {
    for piece in bytes.chunks(64 << 10) {
        stream.set_write_timeout(Some(left(until)?))?;
        stream.write_all(piece)?;
    }
    Ok(())
}

/// Closing with bytes unread would take the answer away from the other side.
fn forget(stream: &mut TcpStream, until: Instant) {
    let (mut bytes, mut n) = ([0; 4096], 0);
    while n < LEFT
        && let Ok(more) = read(stream, &mut bytes, until)
        && more > 0
    {
        n += more;
    }
}

fn left(until: Instant) -> std::io::Result<Duration> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(ErrorKind::TimedOut.into()) } else { Ok(left) }
}

fn is_late(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::TimedOut | ErrorKind::WouldBlock)
}

/// One line of plain text.
pub fn text(status: u16, text: &str) -> Answer {
    Answer { status, kind: "text/plain; charset=utf-8", body: format!("{text}\n").into() }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        431 => "Request Header Fields Too Large",
        _ => "Service Unavailable",
    }
}
