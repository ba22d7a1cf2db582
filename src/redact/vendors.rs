//! Tokens that are known by how they begin.

use super::marker::Label;

/// What a token is made of after its prefix.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Made {
    /// Letters and digits.
    Alnum,
    /// And `_` and `-`.
    Url,
    /// And `.` and `=` (dotted tokens).
    Dotted,
    /// And `+`, `/`, `=` instead of the dot.
    Base64,
    Hex,
    /// What the rest of an address is made of.
    Path,
}
use Made::{Alnum, Base64, Dotted, Hex, Path, Url};

impl Made {
    pub(super) const ALL: [Made; 6] = [Alnum, Url, Dotted, Base64, Hex, Path];

    pub(super) fn of(self, b: u8) -> bool {
        match self {
            Hex => b.is_ascii_hexdigit(),
            Alnum => b.is_ascii_alphanumeric(),
            Url => b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'),
            Path => b.is_ascii_alphanumeric() || b"_-.+/=@~%".contains(&b),
            Dotted => b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'='),
            Base64 => b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+' | b'/' | b'='),
        }
    }
}

pub(super) struct Vendor {
    pub(super) prefix: &'static str,
    pub(super) made: Made,
    /// At least so many characters after the prefix.
    pub(super) least: usize,
    /// At most so many.
    pub(super) most: usize,
    /// Written exactly so: a short prefix that words share.
    pub(super) exact: bool,
    pub(super) label: Label,
}

const fn token(prefix: &'static str, made: Made, least: usize) -> Vendor {
    Vendor { prefix, made, least, most: usize::MAX, exact: false, label: "token" }
}

const fn exact(prefix: &'static str, made: Made, least: usize, most: usize, label: Label) -> Vendor {
    Vendor { prefix, made, least, most, exact: true, label }
}

const fn named(prefix: &'static str, made: Made, least: usize, label: Label) -> Vendor {
    Vendor { prefix, made, least, most: usize::MAX, exact: false, label }
}

/// Prefixes and lengths as they are generally known; the shapes that gitleaks looks for were read.
pub(super) const VENDORS: &[Vendor] = &[
    // Clouds
    exact("AKIA", Alnum, 16, 16, "aws-key-id"),
    exact("ASIA", Alnum, 16, 16, "aws-key-id"),
    exact("ABIA", Alnum, 16, 16, "aws-key-id"),
    exact("ACCA", Alnum, 16, 16, "aws-key-id"),
    exact("ABSK", Base64, 60, 200, "api-key"),
    exact("LTAI", Alnum, 12, 28, "key"),
    exact("AKID", Alnum, 28, 40, "key"),
    named("AIza", Url, 30, "google-key"),
    named("ya29.", Dotted, 20, "google-key"),
    named("GOCSPX-", Url, 20, "google-key"),
    exact("1//0", Url, 30, 200, "google-key"),
    token("dop_v1_", Hex, 32),
    token("doo_v1_", Hex, 32),
    token("dor_v1_", Hex, 32),
    token("tskey-", Url, 16),
    token("v1.0-", Url, 100),
    token("fo1_", Url, 30),
    token("fm1a_", Base64, 60),
    token("fm1r_", Base64, 60),
    token("fm2_", Base64, 60),
    token("nfp_", Alnum, 30),
    token("sbp_", Hex, 32),
    token("rnd_", Alnum, 20),
    token("vcp_", Alnum, 20),
    token("HRKU-", Url, 30),
    token("sha256~", Url, 40),
    token("dapi", Hex, 32),
    token("hvs.", Url, 20),
    token("hvb.", Url, 20),
    token("hvr.", Url, 20),
    exact("s.", Alnum, 24, 24, "token"),
    token("dt0c01.", Dotted, 40),
    token("dt0s01.", Dotted, 40),
    token("dp.pt.", Alnum, 30),
    token("dp.st.", Dotted, 30),
    token("dp.ct.", Alnum, 30),
    token("dp.sa.", Alnum, 30),
    token("pul-", Hex, 40),
    token("pscale_tkn_", Dotted, 30),
    token("pscale_oauth_", Dotted, 30),
    token("pscale_pw_", Dotted, 30),
    // Code and its registries
    named("ghp_", Alnum, 30, "github-token"),
    named("gho_", Alnum, 30, "github-token"),
    named("ghu_", Alnum, 30, "github-token"),
    named("ghs_", Alnum, 30, "github-token"),
    named("ghr_", Alnum, 30, "github-token"),
    named("github_pat_", Url, 30, "github-token"),
    named("glpat-", Dotted, 16, "gitlab-token"),
    named("glptt-", Url, 16, "gitlab-token"),
    named("gldt-", Url, 16, "gitlab-token"),
    named("glrt-", Url, 16, "gitlab-token"),
    named("glcbt-", Url, 16, "gitlab-token"),
    named("glsoat-", Url, 16, "gitlab-token"),
    named("glimt-", Url, 16, "gitlab-token"),
    named("glagent-", Url, 16, "gitlab-token"),
    named("glft-", Url, 16, "gitlab-token"),
    named("gloas-", Url, 16, "gitlab-token"),
    token("npm_", Alnum, 36),
    token("pypi-AgE", Url, 40),
    token("rubygems_", Hex, 40),
    token("dckr_pat_", Url, 20),
    token("dckr_oat_", Url, 20),
    exact("AKCp", Alnum, 60, 80, "token"),
    exact("cmVmd", Alnum, 50, 70, "token"),
    exact("oy2", Alnum, 43, 43, "token"),
    token("ATATT3", Dotted, 60),
    token("ATCTT3", Dotted, 60),
    token("ATBB", Alnum, 28),
    token("BBDC-", Base64, 40),
    token("CCIPAT_", Url, 40),
    token("bkua_", Hex, 36),
    token("sgp_", Url, 40),
    token("sonar_", Hex, 40),
    token("squ_", Hex, 40),
    token("sqp_", Hex, 40),
    token("lin_api_", Alnum, 30),
    token("lin_oauth_", Hex, 40),
    token("PMAK-", Url, 50),
    token("figd_", Url, 36),
    exact("API-", Alnum, 26, 26, "api-key"),
    // Talking, selling, mailing
    named("xoxb-", Url, 16, "slack-token"),
    named("xoxp-", Url, 16, "slack-token"),
    named("xoxa-", Url, 16, "slack-token"),
    named("xoxr-", Url, 16, "slack-token"),
    named("xoxs-", Url, 16, "slack-token"),
    named("xoxo-", Url, 16, "slack-token"),
    named("xoxc-", Url, 16, "slack-token"),
    named("xoxd-", Base64, 16, "slack-token"),
    named("xoxe-", Url, 16, "slack-token"),
    named("xoxe.xoxb-", Url, 16, "slack-token"),
    named("xoxe.xoxp-", Url, 16, "slack-token"),
    named("xapp-", Url, 16, "slack-token"),
    named("sk_live_", Alnum, 10, "stripe-key"),
    named("sk_test_", Alnum, 10, "stripe-key"),
    named("rk_live_", Alnum, 10, "stripe-key"),
    named("rk_test_", Alnum, 10, "stripe-key"),
    named("whsec_", Base64, 20, "stripe-key"),
    token("rzp_live_", Alnum, 14),
    token("sq0atp-", Url, 20),
    token("sq0csp-", Url, 20),
    exact("EAAA", Url, 56, 100, "token"),
    exact("EAA", Alnum, 80, 400, "token"),
    token("access_token$production$", Url, 32),
    token("shpat_", Hex, 30),
    token("shpca_", Hex, 30),
    token("shppa_", Hex, 30),
    token("shpss_", Hex, 30),
    token("shippo_live_", Hex, 40),
    token("shippo_test_", Hex, 40),
    token("duffel_live_", Base64, 40),
    token("FLWSECK", Url, 12),
    token("EZAK", Alnum, 54),
    token("EZTK", Alnum, 54),
    exact("SG.", Dotted, 40, 100, "api-key"),
    exact("key-", Hex, 32, 32, "api-key"),
    exact("SK", Hex, 32, 32, "api-key"),
    token("xkeysib-", Url, 60),
    token("xsmtpsib-", Url, 60),
    token("tfp_", Dotted, 40),
    token("sl.u.", Url, 60),
    token("sl.", Url, 120),
    token("CFPAT-", Url, 40),
    token("ntn_", Alnum, 40),
    token("secret_", Alnum, 40),
    token("rdme_", Alnum, 60),
    token("fio-u-", Base64, 60),
    token("p8e-", Alnum, 32),
    token("tk-us-", Url, 40),
    token("pnu_", Alnum, 36),
    token("y0_", Url, 50),
    token("AQVN", Url, 35),
    token("t1.", Dotted, 80),
    // Models
    named("sk-ant-", Url, 20, "api-key"),
    named("sk-proj-", Url, 20, "api-key"),
    named("sk-svcacct-", Url, 20, "api-key"),
    named("sk-admin-", Url, 20, "api-key"),
    named("sk-or-v1-", Hex, 40, "api-key"),
    named("sk-lf-", Url, 30, "api-key"),
    named("sk-", Alnum, 32, "api-key"),
    named("hf_", Alnum, 30, "api-key"),
    named("api_org_", Alnum, 30, "api-key"),
    named("gsk_", Alnum, 40, "api-key"),
    named("pplx-", Alnum, 40, "api-key"),
    named("r8_", Alnum, 34, "api-key"),
    named("xai-", Alnum, 60, "api-key"),
    named("nvapi-", Url, 40, "api-key"),
    named("tgp_v1_", Url, 30, "api-key"),
    named("pcsk_", Url, 40, "api-key"),
    named("lsv2_pt_", Url, 36, "api-key"),
    named("lsv2_sk_", Url, 36, "api-key"),
    // Watching
    named("NRAK-", Alnum, 24, "api-key"),
    exact("sdk-", Url, 36, 36, "api-key"),
    named("NRII-", Url, 28, "api-key"),
    named("glsa_", Url, 36, "api-key"),
    named("glc_eyJ", Base64, 40, "api-key"),
    named("sntrys_", Base64, 40, "api-key"),
    named("sntryu_", Hex, 40, "api-key"),
    named("hcaik_", Alnum, 40, "api-key"),
    named("AGE-SECRET-KEY-1", Alnum, 50, "private-key"),
    named("ops_eyJ", Base64, 60, "token"),
    token("pat-na1-", Url, 30),
    token("pat-eu1-", Url, 30),
    token("sm_aat_", Alnum, 16),
    token("sm_pat_", Alnum, 16),
    token("sm_sat_", Alnum, 16),
    token("clojars_", Alnum, 50),
    token("amzn.mws.", Url, 36),
    token("ico-", Alnum, 32),
    token("sk.eyJ", Dotted, 60),
    // Bodies of private keys without their first line.
    named("b3BlbnNzaC1rZXktdjE", Base64, 20, "private-key"),
    named("MHcCAQEE", Base64, 40, "private-key"),
    named("MIGHAgEAMBMGByqGSM49", Base64, 40, "private-key"),
    named("MC4CAQAwBQYDK2V", Base64, 20, "private-key"),
    // Addresses that are secrets.
    named("hooks.slack.com/services/", Path, 20, "webhook"),
    named("hooks.slack.com/workflows/", Path, 20, "webhook"),
    named("hooks.slack.com/triggers/", Path, 20, "webhook"),
    named("discord.com/api/webhooks/", Path, 40, "webhook"),
    named("discordapp.com/api/webhooks/", Path, 40, "webhook"),
    named("webhook.office.com/webhookb2/", Path, 20, "webhook"),
    named("outlook.office.com/webhook/", Path, 20, "webhook"),
    named("hooks.zapier.com/hooks/catch/", Path, 10, "webhook"),
];

#[cfg(test)]
mod tests {
    use super::super::marker::LABELS;
    use super::*;

    #[test]
    fn redact_vendors_have_known_labels_and_differ() {
        let mut seen = std::collections::BTreeSet::new();
        for vendor in VENDORS {
            assert!(LABELS.contains(&vendor.label), "{}", vendor.label);
            assert!(seen.insert(vendor.prefix), "{} twice", vendor.prefix);
        }
    }
}
