module fleetgen/judges/flux

go 1.26.8

// Built inside a copy of this module (see `build`), with the requirements of its own go.mod.
require github.com/fluxcd/flux2/v2 v2.9.5
