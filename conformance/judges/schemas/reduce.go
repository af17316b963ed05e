package main

import (
	"fmt"
	"path/filepath"
	"slices"
)

// reduce writes the definitions of the groups without what only people read. Groups that are not there are an error.
// A conversion by webhook is left out too: the API server of the suite has no one to ask.
func reduce(folder, out string, groups []string) error {
	all, err := definitions(folder)
	if err != nil {
		return err
	}
	missing := slices.Clone(groups)
	for _, definition := range all {
		group := text(definition, "spec", "group")
		if !slices.Contains(groups, group) {
			continue
		}
		missing = slices.DeleteFunc(missing, func(g string) bool { return g == group })
		path := filepath.Join(out, group+"_"+text(definition, "spec", "names", "plural")+".json")
		if err := write(path, reduced(definition)); err != nil {
			return err
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("no CustomResourceDefinition of %v", missing)
	}
	return nil
}

func reduced(definition object) object {
	metadata := object{"name": text(definition, "metadata", "name")}
	// Groups under k8s.io are only accepted with the link to their review.
	const approved = "api-approved.kubernetes.io"
	if link := text(definition, "metadata", "annotations", approved); link != "" {
		metadata["annotations"] = object{approved: link}
	}
	spec := object{}
	for _, key := range []string{"group", "names", "scope", "preserveUnknownFields"} {
		if value := at(definition, "spec", key); value != nil {
			spec[key] = value
		}
	}
	var versions []any
	for _, version := range list(definition, "spec", "versions") {
		if at(version, "served") != true {
			continue
		}
		kept := object{"schema": object{"openAPIV3Schema": withoutProse(at(version, "schema", "openAPIV3Schema"))}}
		for _, key := range []string{"name", "served", "storage", "subresources", "deprecated", "selectableFields"} {
			if value := at(version, key); value != nil {
				kept[key] = value
			}
		}
		versions = append(versions, kept)
	}
	spec["versions"] = versions
	return object{"apiVersion": definition["apiVersion"], "kind": definition["kind"], "metadata": metadata, "spec": spec}
}

// withoutProse drops the descriptions and examples of a schema, and keeps properties of those names.
func withoutProse(value any) any {
	schema, ok := value.(object)
	if !ok {
		return value
	}
	kept := object{}
	for key, inner := range schema {
		switch key {
		case "description", "example", "externalDocs", "title":
		case "x-kubernetes-validations":
			kept[key] = withoutMessages(inner)
		case "properties", "patternProperties", "definitions":
			properties := object{}
			for name, property := range inner.(object) {
				properties[name] = withoutProse(property)
			}
			kept[key] = properties
		case "items", "not", "additionalProperties":
			kept[key] = withoutProse(inner)
		case "allOf", "anyOf", "oneOf":
			var schemas []any
			for _, schema := range inner.([]any) {
				schemas = append(schemas, withoutProse(schema))
			}
			kept[key] = schemas
		default:
			kept[key] = inner
		}
	}
	return kept
}

// withoutMessages keeps the rules; the API server then quotes the rule that fails.
func withoutMessages(rules any) any {
	var kept []any
	for _, rule := range list(rules) {
		bare := object{}
		for key, value := range rule.(object) {
			if key != "message" && key != "messageExpression" {
				bare[key] = value
			}
		}
		kept = append(kept, bare)
	}
	return kept
}
