//! Releases of actions that build images, and the commits that their tags stand for.

/// A release of an action.
pub(crate) struct Release {
    /// `owner/name`.
    pub(crate) action: &'static str,
    /// Its version, without a `v`.
    pub(crate) version: &'static str,
    /// The commit that the tag of this version stands for.
    pub(crate) commit: &'static str,
}

/// The releases that are known, each as several repositories name it; the last of each major version.
const RELEASES: &[Release] = &[
    release("anchore/sbom-action", "0.24.0", "e22c389904149dbc22b58101806040fa8d37a610"),
    release("astral-sh/setup-uv", "9.0.0", "c771a70e6277c0a99b617c7a806ffedaca235ff9"),
    release("aws-actions/amazon-ecr-login", "2.0.1", "062b18b96a7aff071d4dc91bc00c4c1a7945b076"),
    release("aws-actions/configure-aws-credentials", "6.2.3", "e6de054238d6b7531b4efff3b6587d9aade6a06c"),
    release("azure/setup-helm", "5.0.1", "9bc31f4ebc9c6b171d7bfbaa5d006ae7abdb4310"),
    release("codecov/codecov-action", "7.0.0", "fb8b3582c8e4def4969c97caa2f19720cb33a72f"),
    release("dependabot/fetch-metadata", "3.1.0", "25dd0e34f4fe68f24cc83900b1fe3fe149efef98"),
    release("docker/bake-action", "7.3.0", "d3418bd7d0e9324001bca92fa8ba175ea7e6dc9b"),
    release("docker/build-push-action", "5.0.0", "0565240e2d4ab88bba5387d719585280857ece09"),
    release("docker/build-push-action", "6.18.0", "263435318d21b8e681c14492fe198d362a7d2c83"),
    release("docker/build-push-action", "7.3.0", "53b7df96c91f9c12dcc8a07bcb9ccacbed38856a"),
    release("docker/login-action", "3.6.0", "5e57cd118135c172c3672efd75eb46360885c0ef"),
    release("docker/login-action", "4.6.0", "dbcb813823bdd20940b903addbd779551569679f"),
    release("docker/metadata-action", "5.7.0", "902fa8ec7d6ecbf8d84d538b9b233a880e428804"),
    release("docker/metadata-action", "6.2.0", "dc802804100637a589fabce1cb79ff13a1411302"),
    release("docker/setup-buildx-action", "3.12.0", "8d2750c68a42422c14e847fe6c8ac0403b4cbd6f"),
    release("docker/setup-buildx-action", "4.2.0", "bb05f3f5519dd87d3ba754cc423b652a5edd6d2c"),
    release("docker/setup-qemu-action", "3.7.0", "c7c53464625b32c7a7e944ae62b3e17d2b600130"),
    release("docker/setup-qemu-action", "4.2.0", "96fe6ef7f33517b61c61be40b68a1882f3264fb8"),
    release("golangci/golangci-lint-action", "9.3.0", "ba0d7d2ec06a0ea1cb5fa41b2e4a3ab91d21278a"),
    release("goreleaser/goreleaser-action", "7.2.3", "f06c13b6b1a9625abc9e6e439d9c05a8f2190e94"),
    release("helm/chart-releaser-action", "1.7.0", "cae68fefc6b5f367a0275617c9f83181ba54714f"),
    release("helm/chart-testing-action", "2.8.0", "6ec842c01de15ebb84c8627d2744a0c2f2755c9f"),
    release("helm/kind-action", "1.14.0", "ef37e7f390d99f746eb8b610417061a60e82a6cc"),
    release("jlumbroso/free-disk-space", "1.3.1", "54081f138730dfa15788a46383842cd2f914a1be"),
    release("ossf/scorecard-action", "2.4.4", "2d1146689b8cda280b9bc96326124645441f03bc"),
    release("peter-evans/create-or-update-comment", "5.0.0", "e8674b075228eee787fea43ef493e45ece1004c9"),
    release("peter-evans/create-pull-request", "8.1.1", "5f6978faf089d4d20b00c7766989d076bb2fc7f1"),
    release("sigstore/cosign-installer", "4.1.2", "6f9f17788090df1f26f669e9d70d6ae9567deba6"),
    release("stefanzweifel/git-auto-commit-action", "7.2.0", "4a55954c782fc1ea30b9056cd3e7a2b40ca8887d"),
    release("zizmorcore/zizmor-action", "0.6.2", "3dc1ecc9bcb9e94e9b2c709687979e1298497054"),
];

const fn release(action: &'static str, version: &'static str, commit: &'static str) -> Release {
    Release { action, version, commit }
}

impl Release {
    /// The release that a tag such as `v4` or `v4.6.0` stands for, or one that it stood for: a tag of a major version moves.
    pub(crate) fn of(action: &str, tag: &str) -> Option<&'static Self> {
        let wanted = tag.strip_prefix('v')?;
        let is = |version: &str| {
            version.strip_prefix(wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        RELEASES.iter().find(|release| release.action == action && is(release.version))
    }
}
