package main

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// crds writes a JSON Schema for each version of each definition, as the definition has it and closed.
// An API server drops a field that a schema does not name, so the closed one tells what would be lost.
func crds(folder, out string) error {
	all, err := definitions(folder)
	if err != nil {
		return err
	}
	for _, definition := range all {
		group, kind := text(definition, "spec", "group"), text(definition, "spec", "names", "kind")
		for _, version := range list(definition, "spec", "versions") {
			name := text(version, "name")
			schema, ok := at(version, "schema", "openAPIV3Schema").(object)
			if !ok {
				return fmt.Errorf("%s/%s %s has no schema", group, name, kind)
			}
			file := filepath.Join(group, strings.ToLower(kind)+"_"+name+".json")
			for folder, strict := range map[string]bool{"crds": false, "crds-strict": true} {
				converted := structural(identified(schema, group+"/"+name, kind), strict)
				if err := write(filepath.Join(out, folder, file), converted); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// identified adds what every object has: its kind and its metadata, which the definitions leave to the API server.
func identified(schema object, apiVersion, kind string) object {
	properties := object{}
	if own, ok := schema["properties"].(object); ok {
		maps.Copy(properties, own)
	}
	metadata := objectMeta()
	if own, ok := at(properties, "metadata", "properties").(object); ok {
		maps.Copy(metadata["properties"].(object), own)
	}
	properties["apiVersion"] = object{"type": "string", "enum": []any{apiVersion}}
	properties["kind"] = object{"type": "string", "enum": []any{kind}}
	properties["metadata"] = metadata
	schema = maps.Clone(schema)
	schema["type"], schema["properties"] = "object", properties
	schema["required"] = append([]any{"apiVersion", "kind", "metadata"}, list(schema, "required")...)
	slices.SortFunc(schema["required"].([]any), func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
	schema["required"] = slices.Compact(schema["required"].([]any))
	return schema
}

// objectMeta is meta.k8s.io/v1 ObjectMeta: the fields that people write, and those of an object that was read back.
func objectMeta() object {
	texts := object{"type": "object", "additionalProperties": object{"type": "string"}}
	open := object{"type": "array", "items": object{"type": "object", "x-kubernetes-preserve-unknown-fields": true}}
	properties := object{
		"labels": texts, "annotations": texts, "ownerReferences": open, "managedFields": open,
		"finalizers":                 object{"type": "array", "items": object{"type": "string"}},
		"generation":                 object{"type": "integer"},
		"deletionGracePeriodSeconds": object{"type": "integer"},
		"creationTimestamp":          object{"type": "string", "format": "date-time"},
		"deletionTimestamp":          object{"type": "string", "format": "date-time"},
	}
	for _, name := range []string{"name", "generateName", "namespace", "resourceVersion", "selfLink", "uid"} {
		properties[name] = object{"type": "string"}
	}
	return object{"type": "object", "properties": properties}
}

// structural translates the schema of a definition. Beside JSON Schema it has `nullable`, integers or strings,
// embedded objects, and fields kept though no schema names them.
func structural(schema object, strict bool) object {
	if schema["x-kubernetes-embedded-resource"] == true {
		properties := object{"apiVersion": object{"type": "string"}, "kind": object{"type": "string"}, "metadata": objectMeta()}
		if own, ok := schema["properties"].(object); ok {
			maps.Copy(properties, own)
		}
		schema = maps.Clone(schema)
		schema["properties"] = properties
	}
	converted := object{}
	for key, inner := range schema {
		switch {
		case key == "nullable" || key == "default" || key == "description" || strings.HasPrefix(key, "x-"):
		case key == "properties":
			converted[key] = properties(inner.(object), list(schema, "required"), func(s object) object { return structural(s, strict) })
		case key == "items" || key == "additionalProperties":
			converted[key] = inner
			if nested, ok := inner.(object); ok {
				converted[key] = structural(nested, strict)
			}
		default:
			converted[key] = inner
		}
	}
	if schema["x-kubernetes-int-or-string"] == true {
		converted["type"] = []any{"integer", "string"}
	}
	if strict && schema["type"] == "object" && schema["additionalProperties"] == nil &&
		schema["x-kubernetes-preserve-unknown-fields"] != true {
		converted["additionalProperties"] = false
	}
	if schema["nullable"] == true {
		return orNull(converted)
	}
	return converted
}
