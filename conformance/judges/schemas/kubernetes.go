package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

const (
	reference = "#/definitions/"
	quantity  = "io.k8s.apimachinery.pkg.api.resource.Quantity"
)

// kubernetes writes one closed JSON Schema for each kind of an OpenAPI document of Kubernetes. A schema stands alone:
// it holds the definitions that it refers to.
func kubernetes(swagger, out string) error {
	read, err := os.ReadFile(swagger)
	if err != nil {
		return err
	}
	var document struct{ Definitions map[string]object }
	if err := json.Unmarshal(read, &document); err != nil {
		return fmt.Errorf("%s: %w", swagger, err)
	}
	written := 0
	for name, definition := range document.Definitions {
		kinds := list(definition, "x-kubernetes-group-version-kind")
		// More than one kind: options and events of the API itself, never a manifest.
		if len(kinds) != 1 {
			continue
		}
		group, version, kind := text(kinds[0], "group"), text(kinds[0], "version"), text(kinds[0], "kind")
		schema := closed(definition)
		identify(schema, strings.TrimPrefix(group+"/"+version, "/"), kind)
		schema["definitions"] = reachable(document.Definitions, name)
		if err := write(filepath.Join(out, fileName(group, version, kind)), schema); err != nil {
			return err
		}
		written++
	}
	if written == 0 {
		return fmt.Errorf("no kinds in %s", swagger)
	}
	return nil
}

// fileName is kubeconform's: of the group it takes what stands before the first dot.
func fileName(group, version, kind string) string {
	parts := []string{kind, strings.Split(group, ".")[0], version}
	return strings.ToLower(strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), "-")) + ".json"
}

func identify(schema object, apiVersion, kind string) {
	properties := schema["properties"].(object)
	properties["apiVersion"] = object{"type": "string", "enum": []any{apiVersion}}
	properties["kind"] = object{"type": "string", "enum": []any{kind}}
	schema["required"] = append([]any{"apiVersion", "kind"}, list(schema, "required")...)
}

// reachable is every definition that the named one refers to, over any number of others.
func reachable(all map[string]object, name string) object {
	found := object{}
	waiting := references(all[name])
	for len(waiting) > 0 {
		next := waiting[0]
		waiting = waiting[1:]
		if _, known := found[next]; known {
			continue
		}
		found[next] = closed(all[next])
		if next == quantity {
			found[next] = object{"type": []any{"number", "string"}}
		}
		waiting = append(waiting, references(all[next])...)
	}
	return found
}

func references(value any) []string {
	var found []string
	switch value := value.(type) {
	case object:
		if name, ok := strings.CutPrefix(text(value, "$ref"), reference); ok {
			found = append(found, name)
		}
		for _, inner := range value {
			found = append(found, references(inner)...)
		}
	case []any:
		for _, inner := range value {
			found = append(found, references(inner)...)
		}
	}
	return found
}

// closed translates a definition: fields that it does not name are refused, as by strict field validation.
func closed(definition object) object {
	converted := object{}
	for key, inner := range definition {
		switch {
		case key == "description" || key == "default" || strings.HasPrefix(key, "x-"):
		case key == "properties":
			converted[key] = properties(inner.(object), list(definition, "required"), closed)
			converted["additionalProperties"] = false
		case key == "items" || key == "additionalProperties":
			converted[key] = closed(inner.(object))
		default:
			converted[key] = inner
		}
	}
	if definition["format"] == "int-or-string" {
		converted["type"] = []any{"integer", "string"}
		delete(converted, "format")
	}
	return converted
}

// properties translates the fields of an object. For an API server a null is an absent field, so all may be null
// but those that are required.
func properties(fields object, required []any, translate func(object) object) object {
	converted := object{}
	for name, field := range fields {
		converted[name] = translate(field.(object))
		if !slices.Contains(required, any(name)) {
			converted[name] = orNull(converted[name].(object))
		}
	}
	return converted
}

// orNull lets a schema accept null as well.
func orNull(schema object) object {
	if kind, ok := schema["type"].(string); ok {
		schema["type"] = []any{kind, "null"}
	} else if kinds, ok := schema["type"].([]any); ok && !slices.Contains(kinds, any("null")) {
		schema["type"] = append(kinds, "null")
	} else if schema["$ref"] != nil || schema["anyOf"] != nil || schema["oneOf"] != nil || schema["allOf"] != nil {
		return object{"anyOf": []any{schema, object{"type": "null"}}}
	}
	if allowed, ok := schema["enum"].([]any); ok && !slices.Contains(allowed, nil) {
		schema["enum"] = append(slices.Clone(allowed), nil)
	}
	return schema
}
