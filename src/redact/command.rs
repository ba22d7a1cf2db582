//! Command lines and calls: `curl -u user:password`, `mysql -psecret`, `sshpass -p secret`, netrc,
//! `BasicAuth('user', 'secret')`.

use super::plausible::Form;
use super::spans::Spans;
use super::structure;
use super::value::{self, Value, blank, quote, skip_blanks};
use super::view::View;

/// What is known of the line so far: which tool it calls.
#[derive(Default)]
pub(super) struct Line {
    tool: Tool,
}

#[derive(Default, Clone, Copy, PartialEq)]
enum Tool {
    #[default]
    Other,
    Mysql,
    /// `-p password`.
    SmallP,
    /// `-a user:password`.
    Http,
    /// `-P password`.
    BigP,
    /// `-a password`.
    SmallA,
    /// `-w password`.
    SmallW,
    /// `-c community`, `-A password`, `-X password`.
    Snmp,
}

impl Line {
    pub(super) fn see(&mut self, word: &[u8]) {
        self.tool = match word {
            b"mysql" | b"mysqldump" | b"mysqladmin" | b"mariadb" | b"mariadb-dump" | b"mysqlimport" => {
                Tool::Mysql
            }
            b"sshpass" | b"docker" | b"podman" | b"az" | b"helm" | b"mongo" | b"mongosh" | b"mongodump"
            | b"psexec" | b"psexec64" | b"cqlsh" | b"buildah" | b"skopeo" | b"oc" | b"cf" | b"influx"
            | b"nerdctl" | b"rdesktop" => Tool::SmallP,
            b"http" | b"https" | b"xh" | b"xhs" => Tool::Http,
            b"sqlcmd" | b"bcp" | b"ipmitool" => Tool::BigP,
            b"redis-cli" => Tool::SmallA,
            b"snmpget" | b"snmpgetnext" | b"snmpwalk" | b"snmpbulkget" | b"snmpbulkwalk" | b"snmpset" => {
                Tool::Snmp
            }
            b"ldapsearch" | b"ldapmodify" | b"ldapadd" | b"ldapwhoami" => Tool::SmallW,
            _ => return,
        };
    }
}

/// An option whose argument is, or ends with, a password. The name is `[start, end)`, without its dashes.
pub(super) fn option(view: &View, start: usize, end: usize, line: &Line, spans: &mut Spans) -> Option<usize> {
    if view.before(start) != b'-' {
        return None;
    }
    let long = start >= 2 && view.get(start - 2) == b'-';
    match (view.slice(start, end), line.tool) {
        (b"u" | b"U", _) if !long => user(view, end, spans),
        (b"a", Tool::Http) if !long => user(view, end, spans),
        (b"user" | b"proxy-user" | b"auth", _) if long => user(view, end, spans),
        (b"pw", _) if !long => password(view, end, spans),
        (b"p", Tool::SmallP)
        | (b"P", Tool::BigP)
        | (b"a", Tool::SmallA)
        | (b"w", Tool::SmallW)
        | (b"c" | b"A" | b"X", Tool::Snmp)
            if !long =>
        {
            password(view, end, spans)
        }
        ([b'p', _, ..], Tool::Mysql | Tool::SmallP) | ([b'P', _, ..], Tool::BigP) if !long => {
            if matches!(view.lower(start, end), b"port" | b"protocol" | b"platform" | b"publish") {
                return None;
            }
            take(view, value::bare(view, start + 1, 0, Form::Assigned), spans)
        }
        (b"p", Tool::Mysql) if !long && quote(view.get(end)) => take(view, value::quoted(view, end), spans),
        _ => None,
    }
}

/// The argument after the option: `-u x`, `-u 'x'`, `--user=x`, `'-u', 'x'`.
fn argument(view: &View, end: usize) -> Option<Value> {
    let mut at = end;
    if quote(view.get(at)) && view.get(at + 1) == b',' {
        at = skip_blanks(view, at + 2);
    } else if blank(view.get(at)) {
        at = skip_blanks(view, at);
    } else if view.get(at) == b'=' {
        at += 1;
    } else {
        return None;
    }
    match view.get(at) {
        b'-' | 0 => None,
        b if quote(b) => Some(value::quoted(view, at)),
        _ => Some(value::bare(view, at, 0, Form::Assigned)),
    }
}

fn user(view: &View, end: usize, spans: &mut Spans) -> Option<usize> {
    let value = argument(view, end)?;
    let text = view.slice(value.start, value.end);
    // Samba's tools write `user%password`.
    let colon = text.iter().position(|&b| b == b':').or_else(|| text.iter().position(|&b| b == b'%'));
    let Some(colon) = colon else {
        // What looks like an escape may be the sign and the beginning of the password.
        let start = (value.start..value.end).find(|&i| view.percent(i) > 0)?;
        return take(view, Value { start, ..value }, spans);
    };
    let secret = &text[colon + 1..];
    // `1000:1000` is a user and a group, `https://…` is an address.
    if secret.is_empty() || secret.starts_with(b"//") || text.iter().all(|b| b.is_ascii_digit() || *b == b':')
    {
        return None;
    }
    take(view, Value { start: value.start + colon + 1, ..value }, spans)
}

fn password(view: &View, end: usize, spans: &mut Spans) -> Option<usize> {
    let value = argument(view, end)?;
    // `docker run -p 8080:80`.
    if view
        .slice(value.start, value.end)
        .iter()
        .all(|b| b.is_ascii_digit() || matches!(b, b':' | b'.' | b'/'))
    {
        return None;
    }
    take(view, value, spans)
}

fn take(view: &View, value: Value, spans: &mut Spans) -> Option<usize> {
    let text = view.slice(value.start, value.end);
    if text.starts_with(b"$")
        && text[1..].iter().all(|b| b.is_ascii_uppercase() || matches!(b, b'_' | b'{' | b'}'))
    {
        return None;
    }
    spans.add(view, value.start, value.end, "password");
    Some(value.next)
}

/// `machine x login y password z`: two words before `password` comes `login`.
pub(super) fn netrc(view: &View, start: usize) -> bool {
    let floor = start.saturating_sub(128);
    let user_end = (floor..start).rev().find(|&i| !view.get(i).is_ascii_whitespace());
    let before_user =
        user_end.and_then(|end| (floor..end).rev().find(|&i| view.get(i).is_ascii_whitespace()));
    before_user.is_some_and(|at| view.lower(floor, at).trim_ascii_end().ends_with(b"login"))
}

/// A line of a configuration, or of a Dockerfile, without a sign between name and value: `requirepass abc`,
/// `ENV DB_PASSWORD abc`, `setx DB_PASSWORD abc`.
pub(super) fn directive(view: &View, start: usize, end: usize) -> bool {
    if matches!(view.lower(start, end), b"requirepass" | b"masterauth") {
        return true;
    }
    let before = view.slice(start.saturating_sub(7), start);
    let capitals =
        view.slice(start, end).iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || *b == b'_');
    let word = before.trim_ascii_end().rsplit(|b| !b.is_ascii_alphabetic()).next().unwrap_or(b"");
    capitals && before.ends_with(b" ") && matches!(word, b"ENV" | b"setenv" | b"setx" | b"SetEnv")
}

/// `HTTPBasicAuth('user', 'secret')`: the second string of some calls.
pub(super) fn constructor(view: &View, start: usize, end: usize, spans: &mut Spans) -> Option<usize> {
    const CALLS: [&[u8]; 6] = [
        b"basicauth",
        b"digestauth",
        b"proxyauth",
        b"networkcredential",
        b"plaincredentials",
        b"passwordauthentication",
    ];
    // `getConnection('jdbc:…', 'user', 'secret')`, PHP's `PDO->__construct('mysql:…', 'user', 'secret')`.
    const AFTER_ADDRESS: [&[u8]; 2] = [b"getconnection", b"__construct"];
    let ends_with = |call: &&[u8]| view.lower(start, end).ends_with(call);
    let place = if CALLS.iter().any(ends_with) {
        1
    } else if AFTER_ADDRESS.iter().any(ends_with) {
        2
    } else {
        return None;
    };
    structure::strings(
        view,
        end + 1,
        |nth, value| if nth == place { take(view, *value, spans) } else { None },
    )
}

/// `IDENTIFIED BY 'secret'` in SQL.
pub(super) fn identified(view: &View, start: usize, end: usize, spans: &mut Spans) -> Option<usize> {
    let at = skip_blanks(view, end);
    let said = || view.lower(start.saturating_sub(60), start).windows(10).any(|w| w == b"identified");
    if view.lower(start, end) == b"by" && quote(view.get(at)) && said() {
        return take(view, value::quoted(view, at), spans);
    }
    None
}
