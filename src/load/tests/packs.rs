//! Goldens: Packs.

use super::golden;

#[test]
fn packs_are_checked() {
    golden(
        true,
        &[
            ("templates/app/pack.yaml", b"descripton: x\nstage: app\ninputs: {properties: {a: {typ: string}}}\nchart: {url: \"https://x\", version: 1.2}\ntimeout: 5\nrequires: {a.b: monitoring}\nignoreDrift: {x: {paths: [spec]}}\nexports: {name: 1, x: [1], \"a b\": {$from: inputs.a}}\nsecrets: {T_x: {description: x, keys: {\"a b\": {}}}}\nclusterScoped: [widget]\ndelimiters: {variable: [\"[[\", \"]]\"], block: [\"[[\"], comment: [\"[[\", \"#]\"]}\n"),
            ("templates/multi/pack.yaml", br#"description: x
stage: apps
chart: {url: oci://x/a, version: "1.2"}
charts:
  first: {url: oci://x/a, version: 1.2.3, needs: [second]}
  second: {url: oci://x/b, version: 1.2.3, needs: [first], name: b}
  third: {url: oci://x, version: 1.2.3, needs: [frist]}
"#),
            ("templates/multi/values.yaml.j2", br#"a: 1
"#),
            ("templates/multi/fist.values.yaml.j2", br#"a: 1
"#),
        ],
        r##"
error[input/unknown]: unknown key `descripton`
 --> templates/app/pack.yaml:1:1
  |
1 | descripton: x
  | ^^^^^^^^^^
  |
  = help: did you mean `description`?

error[input/choice]: `stage` cannot be `app`
 --> templates/app/pack.yaml:2:8
  |
2 | stage: app
  |        ^^^
  |
  = help: did you mean `apps`?
  = help: it is one of `infrastructure`, `apps` and `outside`

error[input/quote]: `chart.version` takes a string, but `1.2` without quotes is a number
 --> templates/app/pack.yaml:4:36
  |
4 | chart: {url: "https://x", version: 1.2}
  |                                    ^^^
  |
  = help: quote it: `"1.2"`

error[input/quote]: `timeout` takes a string, but `5` without quotes is a number
 --> templates/app/pack.yaml:5:10
  |
5 | timeout: 5
  |          ^
  |
  = help: quote it: `"5"`

error[config/chart]: a chart in a repository needs its `name`
 --> templates/app/pack.yaml:4:14
  |
4 | chart: {url: "https://x", version: 1.2}
  |              ^^^^^^^^^^^ which chart of this repository?
  |
  = help: add `name:` beside `url:`

error[config/when]: `monitoring` is not a condition
 --> templates/app/pack.yaml:6:17
  |
6 | requires: {a.b: monitoring}
  |                 ^^^^^^^^^^
  |
  = help: write `true`, `false`, or the path of an input such as `inputs.monitoring`

error[pack/pointer]: `spec` is not a JSON pointer
 --> templates/app/pack.yaml:7:27
  |
7 | ignoreDrift: {x: {paths: [spec]}}
  |                           ^^^^
  |
  = help: begin with `/`, for example `/spec/replicas`

error[pack/export]: the export name `name` is there for every component already
 --> templates/app/pack.yaml:8:11
  |
8 | exports: {name: 1, x: [1], "a b": {$from: inputs.a}}
  |           ^^^^
  |
  = help: choose another name

error[pack/export]: the export `x` is a list
 --> templates/app/pack.yaml:8:23
  |
8 | exports: {name: 1, x: [1], "a b": {$from: inputs.a}}
  |                       ^^^
  |
  = help: write a scalar, `{$from: PATH}` or `{$text: "…{PATH}…"}`

error[pack/export]: the export name `a b` has other characters than letters, digits, `_` and `-`
 --> templates/app/pack.yaml:8:28
  |
8 | exports: {name: 1, x: [1], "a b": {$from: inputs.a}}
  |                            ^^^^^
  |
  = help: choose another name

error[config/name]: the suffix `T_x` is not a DNS label
 --> templates/app/pack.yaml:9:11
  |
9 | secrets: {T_x: {description: x, keys: {"a b": {}}}}
  |           ^^^
  |
  = help: use lower-case letters, digits and `-`

error[pack/secret-key]: `a b` cannot be a key of a Secret
 --> templates/app/pack.yaml:9:40
  |
9 | secrets: {T_x: {description: x, keys: {"a b": {}}}}
  |                                        ^^^^^
  |
  = help: use letters, digits, `-`, `_` and `.`

error[pack/cluster-scoped]: `widget` is not a group and a kind
  --> templates/app/pack.yaml:10:17
   |
10 | clusterScoped: [widget]
   |                 ^^^^^^
   |
   = help: write for example `example.com/Widget`

error[pack/delimiters]: `block` takes a start and an end
  --> templates/app/pack.yaml:11:45
   |
11 | delimiters: {variable: ["[[", "]]"], block: ["[["], comment: ["[[", "#]"]}
   |                                             ^^^^^^
   |
   = help: write for example `["[[", "]]"]`

error[pack/delimiters]: two delimiters begin with `[[`
  --> templates/app/pack.yaml:11:62
   |
11 | delimiters: {variable: ["[[", "]]"], block: ["[["], comment: ["[[", "#]"]}
   |                                                              ^^^^^^^^^^^^
   |
   = help: give `variable`, `block` and `comment` different starts

error[pack/schema-keyword]: `typ` is not a keyword of input schemas here
 --> templates/app/pack.yaml:3:27
  |
3 | inputs: {properties: {a: {typ: string}}}
  |                           ^^^
  |
  = help: did you mean `type`?

error[config/version]: `1.2` is not an exact version
 --> templates/multi/pack.yaml:3:34
  |
3 | chart: {url: oci://x/a, version: "1.2"}
  |                                  ^^^^^
  |
  = note: a range lets the same commit install different charts
  = help: write all three numbers, for example `"1.2.3"`

error[config/chart]: `chart` and `charts` exclude each other
 --> templates/multi/pack.yaml:5:3
  |
5 |   first: {url: oci://x/a, version: 1.2.3, needs: [second]}
  |   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: name each release under `charts`, or keep the one `chart`

error[config/chart]: a chart in a registry has no `name`
 --> templates/multi/pack.yaml:6:66
  |
6 |   second: {url: oci://x/b, version: 1.2.3, needs: [first], name: b}
  |                                                                  ^ this is not used
  |
 ::: templates/multi/pack.yaml:6:17
  |
6 |   second: {url: oci://x/b, version: 1.2.3, needs: [first], name: b}
  |                 --------- the address ends with the chart's name
  |
  = help: remove `name`, and end `url` with the chart's name

error[config/chart]: `oci://x` has no chart in it
 --> templates/multi/pack.yaml:7:16
  |
7 |   third: {url: oci://x, version: 1.2.3, needs: [frist]}
  |                ^^^^^^^
  |
  = help: write `oci://REGISTRY/PATH/CHART`

error[pack/needs]: no release of this pack is named `frist`
 --> templates/multi/pack.yaml:7:49
  |
7 |   third: {url: oci://x, version: 1.2.3, needs: [frist]}
  |                                                 ^^^^^
  |
  = help: did you mean `first`?

error[pack/needs]: the release `first` needs itself, by way of others
 --> templates/multi/pack.yaml:5:3
  |
5 |   first: {url: oci://x/a, version: 1.2.3, needs: [second]}
  |   ^^^^^
  |
  = help: remove one of the `needs`
"##,
    );
}

#[test]
fn files_of_packs() {
    golden(
        true,
        &[
            ("templates/a.yaml.j2", b""),
            ("templates/README.md", b""),
            ("templates/My/pack.yaml", b""),
            ("templates/no/x.yaml.j2", b""),
            ("templates/yml/pack.yml", b""),
            ("templates/_lib/x.j2", b""),
            ("templates/_lib/x.txt", b""),
            (
                "templates/app/pack.yaml",
                br#"description: x
stage: apps
"#,
            ),
            ("templates/app/LICENSE", b""),
            ("templates/app/a.yml.j2", b""),
            ("templates/app/examples/one/environment.yaml", b""),
            ("templates/app/files/x.bin", b"\x00"),
            ("templates/app/charts/app.facts", b"chart: app 1.0.0\nvalues:\n"),
            ("templates/app/charts/app.txt", b""),
            ("templates/app/macros.j2", b""),
            ("templates/app/x.json", b""),
            ("templates/app/x.yaml", b""),
        ],
        r##"
error[load/stray]: `templates/a.yaml.j2` is in no pack
 |
 = help: move it to the folder of a pack, such as `templates/my-app/`

error[load/name]: `templates/My/` cannot be a pack: its name has an upper-case letter
 |
 = help: rename the folder; partials that packs share belong under `templates/_lib/`

error[load/stray]: `templates/_lib/x.txt` is not a partial
 |
 = help: let its name end in `.j2`, or move it away

error[load/ending]: `templates/app/a.yml.j2` ends in `.yml.j2`, and would not be rendered
 |
 = help: rename it to `a.yaml.j2`

error[load/stray]: `templates/app/charts/app.txt` is no part of a pack
 |
 = help: move it to `files/` if templates embed it, else away

error[load/ending]: `templates/app/macros.j2` is neither a template nor a partial
 |
 = help: rename it to `macros.yaml.j2` if it makes objects, to `_macros.j2` if others include it

error[load/stray]: `templates/app/x.json` is no part of a pack
 |
 = help: move it to `files/` if templates embed it, else away

error[load/ending]: `templates/app/x.yaml` is not a template, and would not be rendered
 |
 = help: rename it to `x.yaml.j2`, or move it to `files/`

error[load/example]: `templates/app/examples/one/` has no `component.yaml`
 |
 = help: write one: a component as an environment has it

error[load/encoding]: `templates/app/files/x.bin` cannot be read as text: the file has a NUL byte
 |
 = note: at byte 0 of the file
 = help: this is no text file: remove it, or the byte

error[load/no-pack]: `templates/no/` has no `pack.yaml`
 |
 = help: write one; it needs `description` and `stage`

error[load/no-pack]: `templates/yml/` has no `pack.yaml`
 |
 = help: rename `pack.yml` to `pack.yaml`
"##,
    );
}

#[test]
fn packs_read_inputs_that_exist() {
    golden(
        true,
        &[(
            "templates/app/pack.yaml",
            br#"description: x
stage: apps
inputs: {properties: {monitoring: {type: object, properties: {enabled: {type: boolean}}}, open: {type: object}}}
provides: {a.b: inputs.open.x}
requires: {monitoring.coreos.com: inputs.monitoring.enabld, c.d: inputs.nothing}
secrets: {tls: {description: x, when: inputs.monitorin, keys: {a: {}}}}
exports: {a: {$from: inputs.monitoring.enabled.x}, b: {$text: "http://{inputs.hst}{{x}}"}, c: {$from: vars.x}}
"#,
        )],
        r##"
error[pack/input]: there is no input `inputs.monitoring.enabld`
 --> templates/app/pack.yaml:5:35
  |
5 | requires: {monitoring.coreos.com: inputs.monitoring.enabld, c.d: inputs.nothing}
  |                                   ^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: did you mean `inputs.monitoring.enabled`?

error[pack/input]: there is no input `inputs.nothing`
 --> templates/app/pack.yaml:5:66
  |
5 | requires: {monitoring.coreos.com: inputs.monitoring.enabld, c.d: inputs.nothing}
  |                                                                  ^^^^^^^^^^^^^^
  |
  = help: `inputs` has `monitoring` and `open`

error[pack/input]: there is no input `inputs.monitorin`
 --> templates/app/pack.yaml:6:39
  |
6 | secrets: {tls: {description: x, when: inputs.monitorin, keys: {a: {}}}}
  |                                       ^^^^^^^^^^^^^^^^
  |
  = help: did you mean `inputs.monitoring`?

error[pack/input]: there is no input `inputs.monitoring.enabled.x`
 --> templates/app/pack.yaml:7:22
  |
7 | exports: {a: {$from: inputs.monitoring.enabled.x}, b: {$text: "http://{inputs.hst}{{x}}"}, c: {$from: vars.x}}
  |                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: `inputs.monitoring.enabled` has no members

error[pack/input]: there is no input `inputs.hst`
 --> templates/app/pack.yaml:7:63
  |
7 | exports: {a: {$from: inputs.monitoring.enabled.x}, b: {$text: "http://{inputs.hst}{{x}}"}, c: {$from: vars.x}}
  |                                                               ^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: `inputs` has `monitoring` and `open`
"##,
    );
}
