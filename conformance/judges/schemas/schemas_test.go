package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

func given(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func expect(t *testing.T, path string, want string) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var value any
	if err := json.Unmarshal([]byte(want), &value); err != nil {
		t.Fatal(err)
	}
	line, _ := json.Marshal(value)
	if string(got) != string(line)+"\n" {
		t.Errorf("%s\n got %s\nwant %s", filepath.Base(path), got, line)
	}
}

// A schema stands alone, is closed, and takes null where a field may be absent.
func TestKubernetes(t *testing.T) {
	swagger := given(t, "swagger.json", `{"definitions": {
		"Thing": {"description": "prose", "type": "object", "required": ["size"],
			"properties": {
				"apiVersion": {"type": "string"}, "kind": {"type": "string"},
				"port": {"$ref": "#/definitions/Port"},
				"size": {"$ref": "#/definitions/io.k8s.apimachinery.pkg.api.resource.Quantity"},
				"mode": {"type": "string", "enum": ["a"]},
				"labels": {"type": "object", "additionalProperties": {"type": "string"}}},
			"x-kubernetes-group-version-kind": [{"group": "apps.example.com", "version": "v1", "kind": "Thing"}]},
		"Port": {"type": "string", "format": "int-or-string"},
		"Unused": {"type": "string"},
		"io.k8s.apimachinery.pkg.api.resource.Quantity": {"type": "string"}}}`)
	out := t.TempDir()
	if err := run([]string{"kubernetes", swagger, out}); err != nil {
		t.Fatal(err)
	}
	expect(t, filepath.Join(out, "thing-apps-v1.json"), `{
		"type": "object", "additionalProperties": false, "required": ["apiVersion", "kind", "size"],
		"properties": {
			"apiVersion": {"type": "string", "enum": ["apps.example.com/v1"]},
			"kind": {"type": "string", "enum": ["Thing"]},
			"port": {"anyOf": [{"$ref": "#/definitions/Port"}, {"type": "null"}]},
			"size": {"$ref": "#/definitions/io.k8s.apimachinery.pkg.api.resource.Quantity"},
			"mode": {"type": ["string", "null"], "enum": ["a", null]},
			"labels": {"type": ["object", "null"], "additionalProperties": {"type": "string"}}},
		"definitions": {
			"Port": {"type": ["integer", "string"]},
			"io.k8s.apimachinery.pkg.api.resource.Quantity": {"type": ["number", "string"]}}}`)
}

const definition = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com, labels: {a: b}, annotations: {api-approved.kubernetes.io: link, other: x}}
spec:
  group: example.com
  names: {kind: Thing, plural: things}
  scope: Namespaced
  conversion: {strategy: Webhook}
  versions:
  - {name: v1alpha1, served: false, storage: false, schema: {openAPIV3Schema: {type: object}}}
  - name: v1
    served: true
    storage: true
    additionalPrinterColumns: [{name: Age, type: date, jsonPath: .x}]
    schema:
      openAPIV3Schema:
        description: prose
        type: object
        properties:
          spec:
            type: object
            required: [port]
            x-kubernetes-validations: [{rule: self.port > 0, message: prose}]
            properties:
              description: {type: string, description: prose}
              port: {x-kubernetes-int-or-string: true, anyOf: [{type: integer}, {type: string}]}
              data: {type: object, x-kubernetes-preserve-unknown-fields: true}
              empty: {type: object, nullable: true}
---
kind: Other
`

// Closed where the API server would drop a field, open where it would not.
func TestDefinitions(t *testing.T) {
	folder, out := filepath.Dir(given(t, "things.yaml", definition)), t.TempDir()
	if err := run([]string{"crds", folder, out}); err != nil {
		t.Fatal(err)
	}
	read, err := os.ReadFile(filepath.Join(out, "crds-strict/example.com/thing_v1.json"))
	if err != nil {
		t.Fatal(err)
	}
	var schema object
	if err := json.Unmarshal(read, &schema); err != nil {
		t.Fatal(err)
	}
	if at(schema, "additionalProperties") != false || text(schema, "properties", "metadata", "properties", "labels", "additionalProperties", "type") != "string" {
		t.Errorf("the object: %s", read)
	}
	spec, _ := json.Marshal(at(schema, "properties", "spec"))
	expect(t, given(t, "spec.json", string(spec)+"\n"), `{"type": ["object", "null"], "required": ["port"], "additionalProperties": false, "properties": {
		"description": {"type": ["string", "null"]},
		"port": {"type": ["integer", "string"], "anyOf": [{"type": "integer"}, {"type": "string"}]},
		"data": {"type": ["object", "null"]},
		"empty": {"type": ["object", "null"], "additionalProperties": false}}}`)
	open, err := os.ReadFile(filepath.Join(out, "crds/example.com/thing_v1.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(open, &schema); err != nil || at(schema, "properties", "spec", "additionalProperties") != nil {
		t.Errorf("not open: %s", open)
	}
}

// What an API server needs stays, fields named like prose among it.
func TestReduce(t *testing.T) {
	folder, out := filepath.Dir(given(t, "things.yaml", definition)), t.TempDir()
	if err := run([]string{"reduce", folder, out, "example.com"}); err != nil {
		t.Fatal(err)
	}
	expect(t, filepath.Join(out, "example.com_things.json"), `{"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": {"name": "things.example.com", "annotations": {"api-approved.kubernetes.io": "link"}},
		"spec": {"group": "example.com", "names": {"kind": "Thing", "plural": "things"}, "scope": "Namespaced",
			"versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": {"type": "object", "properties": {"spec": {
				"type": "object", "required": ["port"], "x-kubernetes-validations": [{"rule": "self.port > 0"}],
				"properties": {
					"description": {"type": "string"},
					"port": {"x-kubernetes-int-or-string": true, "anyOf": [{"type": "integer"}, {"type": "string"}]},
					"data": {"type": "object", "x-kubernetes-preserve-unknown-fields": true},
					"empty": {"type": "object", "nullable": true}}}}}}}]}}`)
	if err := run([]string{"reduce", folder, out, "absent.example.com"}); err == nil {
		t.Error("a group that is not there is an error")
	}
}
