// Command make-schemas turns what API servers know about their kinds into JSON Schemas that kubeconform reads, and
// reduces CustomResourceDefinitions to what an API server needs.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"sigs.k8s.io/yaml"
)

const usage = `make-schemas kubernetes SWAGGER.json OUT  one strict schema a kind, as OUT/<kind>-<group>-<version>.json
make-schemas crds FOLDER OUT               of all CustomResourceDefinitions below FOLDER:
                                           OUT/crds/<group>/<kind>_<version>.json as they are,
                                           OUT/crds-strict/... closed where they name their fields
make-schemas reduce FOLDER OUT GROUP...    the CustomResourceDefinitions of these groups without prose and
                                           printing, as OUT/<group>_<plural>.json
`

// object is a JSON object, as encoding/json reads it.
type object = map[string]any

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "make-schemas:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) == 3 && args[0] == "kubernetes":
		return kubernetes(args[1], args[2])
	case len(args) == 3 && args[0] == "crds":
		return crds(args[1], args[2])
	case len(args) > 3 && args[0] == "reduce":
		return reduce(args[1], args[2], args[3:])
	}
	return fmt.Errorf("usage:\n%s", usage)
}

// definitions reads every CustomResourceDefinition in the YAML and JSON files below folder.
func definitions(folder string) ([]object, error) {
	var found []object
	err := filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !isManifest(path) {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, document := range strings.Split("\n"+string(text), "\n---") {
			var manifest object
			if err := yaml.Unmarshal([]byte(document), &manifest); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			if manifest["kind"] == "CustomResourceDefinition" {
				found = append(found, manifest)
			}
		}
		return nil
	})
	if err == nil && len(found) == 0 {
		err = fmt.Errorf("no CustomResourceDefinition below %s", folder)
	}
	return found, err
}

func isManifest(path string) bool {
	switch filepath.Ext(path) {
	case ".yaml", ".yml", ".json":
		return true
	}
	return false
}

// write puts one line of JSON, its keys sorted, at path.
func write(path string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

// at follows keys through nested objects; absent fields give nil.
func at(value any, keys ...string) any {
	for _, key := range keys {
		inner, _ := value.(object)
		value = inner[key]
	}
	return value
}

func text(value any, keys ...string) string {
	found, _ := at(value, keys...).(string)
	return found
}

func list(value any, keys ...string) []any {
	found, _ := at(value, keys...).([]any)
	return found
}
