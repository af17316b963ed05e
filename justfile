# The commands of CONTRIBUTING.md, for people who have `just`. CI runs `.ci/run`, which is the same.

# all of it, as CI does
ci:
    .ci/run

fmt:
    cargo fmt --all

lint:
    cargo clippy --all-targets -- -D warnings

test:
    cargo test

# the programs that judge the output, built once a machine (needs Go): all, or those named
judges *NAMES:
    conformance/judges/build {{NAMES}}

# the language server that editors run, which judges the schemas for them (needs Node and npm)
language-server:
    conformance/language-server/install

# what they say: of all, or of `sops`, or of `sops/matrix`
conformance *ARGS:
    cargo test --test conformance -- {{ARGS}}

doc:
    RUSTDOCFLAGS="-D warnings" cargo doc --no-deps

# the example fleet of this repository
render *ENV='--all':
    cargo run --release -- render {{ENV}}

# rewrite expected outputs: look at the difference before you commit it
golden:
    GEN_GOLDEN=rewrite cargo test --test main
    cargo run --release -- pack test --update ./packs

# `gen rekey` of 200 files, killed at so many random points
kills N='200':
    GEN_KILLS={{N}} cargo test --test main killed_anywhere -- --nocapture

# what packs know of their charts, anew from a folder that holds the unpacked charts
facts CHARTS:
    cargo run --example chart_facts -- {{CHARTS}} packs

# is it slower than the last release? Instructions of commands and stages (needs valgrind); another commit may be named
bench *COMMIT:
    cargo run --quiet --example measure -- instructions {{COMMIT}}

# how long each stage takes, alone
stages:
    cargo bench

# 200 environments of 50 components, as in the README's figures
fleet N='200' M='50' DIR='/tmp/gen-fleet':
    cargo run --quiet --example measure -- fleet {{N}} {{M}} {{DIR}}

# the README's tables of times: leave the machine alone meanwhile
figures N='200' M='50':
    cargo run --quiet --example measure -- figures {{N}} {{M}}

# from a save to the result of `gen watch`, in the example fleet
watch:
    cargo run --quiet --example measure -- watch

# licences, advisories, doubles (needs cargo-deny)
deny:
    cargo deny check
