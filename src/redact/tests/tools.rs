//! Secrets as tools, statements, terminals and languages write them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "support/mod.rs"]
mod support;

use inventory_core_redact::redact;
use support::*;

/// `⟦ ⟧` stands around each secret; see `fill` for `{…}`.
#[rustfmt::skip]
const FOUND: &[&str] = &[
    "redis: AUTH sync ⟦{w12}⟧",
    "config set requirepass ⟦{a12}⟧",
    "requirepass ⟦{w14}⟧",
    "masterauth ⟦{w14}⟧",
    "Step 4/9 : ENV DB_PASSWORD ⟦{w12}⟧",
    "setx API_TOKEN ⟦{a20}⟧",
    "CREATE ROLE sync LOGIN PASSWORD '⟦correct horse {q6} staple⟧'",
    "ALTER USER sync WITH PASSWORD '⟦{q3}⟧'",
    "create user sync with password '⟦{q3} {q5}⟧'",
    "psexec \\\\web-01 -u admin -p ⟦{w12}⟧ cmd",
    "http -a bob:⟦{w12}⟧ GET https://api.example.com/v1",
    "smbclient //files.example.com/share -U bob%⟦{w12}⟧",
    "$s = ConvertTo-SecureString -String '⟦{w12}⟧' -AsPlainText -Force",
    "$s = ConvertTo-SecureString -AsPlainText '⟦{w12}⟧' -Force",
    "password：⟦{w12}⟧",
    "\u{1b}[1mpassword\u{1b}[0m: \u{1b}[32m⟦{w12}⟧\u{1b}[0m done",
    "\\x1b[36mapi_key\\x1b[0m=⟦{a24}⟧",
    "ntlm_hash: ⟦{h32}:{h32}⟧",
    "Password=⟦correct {q5} battery {q6}⟧;Encrypt=True",
    "Server=db;User Id=sa;Password=⟦correct {q5} battery {q6}⟧;Encrypt=True",
    "mot de passe : ⟦{w12}⟧",
    "motDePasse=⟦{w12}⟧",
    "Contraseña: ⟦{w12}⟧",
    "contraseña=⟦{w12}⟧",
    "Пароль: ⟦{w12}⟧",
    "パスワード: ⟦{w12}⟧",
    "密码：⟦{w12}⟧",
    "Hasło: ⟦{w12}⟧",
    "kennwort=⟦{w12}⟧",
    "password \"⟦{w12}⟧\"",
    "Bad password “⟦{w12}⟧”",
    "mot de passe « ⟦{w12}⟧ » refusé",
    "mot de passe «\u{202f}⟦{w12}⟧\u{202f}» refusé",
    "Le mot de passe «⟦{w12}⟧» est refusé",
    "Passwort „⟦{w12}⟧“ falsch",
    "Passwort: »⟦{w12}⟧«",
    "パスワード「⟦{w12}⟧」",
    "password=『⟦{w12}⟧』",
    "ipmitool -H 10.0.0.5 -U admin -P ⟦{w12}⟧ power status",
    "rdesktop -u bob -p ⟦{w12}⟧ pc1",
    "snmpwalk -v2c -c ⟦{w12}⟧ 10.0.0.5",
    "snmpget -v3 -u sync -A ⟦{w12}⟧ -X ⟦{w12}⟧ 10.0.0.5",
    "<sharedKey><keyType>passPhrase</keyType><protected>false</protected><keyMaterial>⟦{w12}⟧</keyMaterial></sharedKey>",
    "SNMP community: ⟦{w12}⟧",
    "snmpCommunity=⟦{w12}⟧",
    "community string: ⟦{w12}⟧",
    "{\"activationCode\":\"⟦{q4}-{q4}-{q4}⟧\"}",
    "ProductKey: ⟦{u5}-{u5}-{u5}-{u5}-{u5}⟧",
    "privKey: ⟦{w12}⟧",
    "kubeadm join 10.0.0.5:6443 with ⟦q{q5}.a1{q14}⟧ refused",
];

#[rustfmt::skip]
const KEPT: &[&str] = &[
    "AUTH failed for user sync",
    "Le jeton « access_token » est invalide",
    "Das Feld „Kennwort“ ist nicht gesetzt",
    "Settings » Password » Change",
    "Kennwort »« ist leer, mot de passe « » vide",
    "the product key you entered is not valid",
    "key material is not exportable",
    "SNMP community was not configured",
    "ENV DB_HOST db.example.com",
    "Пароль: введите новый пароль",
    "密码：不能为空",
    "Mot de passe : incorrect",
    "CREATE ROLE sync LOGIN PASSWORD NULL",
    "http -a is not supported",
    "docker run -p 8080:80 -u 1000:1000 web",
    "main.0123456789abcdef.js was not found",
    "certificate pins changed, pin required",
];

#[test]
fn redact_tools_are_understood() {
    let mut r = Random(31);
    let mut wrong = std::collections::BTreeSet::new();
    for _ in 0..20 {
        for template in FOUND {
            let filled = fill(template, &mut r);
            let text = filled.replace(['⟦', '⟧'], "");
            let secret = filled.split('⟦').nth(1).unwrap().split('⟧').next().unwrap();
            if secret.contains('%') && text.contains("-U ") {
                continue; // a percent sign in the password is the second one
            }
            for text in [text.clone(), format!("sh: 1: {text}\n"), format!("{{\"m\":\"{}\"}}", json(&text))] {
                let out = redact(&text, &|| ());
                if let Some(left) = leak(&out, secret) {
                    wrong.insert(format!("{template}: {left}\n   {text}\n   {out}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.into_iter().collect::<Vec<_>>().join("\n"));
}

#[test]
fn redact_tools_without_a_secret_stay() {
    for text in KEPT {
        assert_eq!(redact(text, &|| ()), *text);
    }
}

/// By its form alone: it is short, so a few read like words.
#[test]
fn redact_finds_kubeadm_tokens() {
    let mut r = Random(19);
    let tokens: Vec<_> = (0..2_000).map(|_| fill("{q6}.{q16}", &mut r)).collect();
    let left = tokens
        .iter()
        .filter(|token| redact(&format!("join with {token} refused"), &|| ()).contains(*token))
        .count();
    assert!(left <= 20, "{left} of {}", tokens.len());
}
