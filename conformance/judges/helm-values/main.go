// Command helm-values merges the values of a HelmRelease with the very code of helm-controller.
//
// It reads {"release": HelmRelease, "objects": [ConfigMap, Secret, ...]} from standard input and writes the merged
// values, or fails with what the controller would say.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	helmv2 "github.com/fluxcd/helm-controller/api/v2"
	"github.com/fluxcd/pkg/chartutil"
	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// cluster holds what a release may refer to. Everything but Get is missing, and not asked for.
type cluster struct {
	client.Client
	objects []json.RawMessage
}

func (c cluster) Get(_ context.Context, key client.ObjectKey, found client.Object, _ ...client.GetOption) error {
	kind := "ConfigMap"
	if _, ok := found.(*corev1.Secret); ok {
		kind = "Secret"
	}
	for _, raw := range c.objects {
		var named struct {
			Kind     string
			Metadata struct{ Name, Namespace string }
		}
		if err := json.Unmarshal(raw, &named); err != nil {
			return err
		}
		if named.Kind == kind && named.Metadata.Name == key.Name && named.Metadata.Namespace == key.Namespace {
			return json.Unmarshal(raw, found)
		}
	}
	return apierrors.NewNotFound(schema.GroupResource{Resource: kind}, key.Name)
}

// read decodes standard input as the API server would have encoded it: values are kept as raw JSON, and the controller
// reads that as YAML, which is not the same for every JSON text.
func read(input any) error {
	var plain any
	decoder := json.NewDecoder(os.Stdin)
	decoder.UseNumber()
	if err := decoder.Decode(&plain); err != nil {
		return err
	}
	encoded, err := json.Marshal(plain)
	if err != nil {
		return err
	}
	return json.Unmarshal(encoded, input)
}

func merge() error {
	var input struct {
		Release helmv2.HelmRelease
		Objects []json.RawMessage
	}
	if err := read(&input); err != nil {
		return err
	}
	release := input.Release
	// As in the reconciler: the release's own namespace, its values, its references.
	values, err := chartutil.ChartValuesFromReferences(context.Background(), logr.Discard(),
		cluster{objects: input.Objects}, release.Namespace, release.GetValues(), release.Spec.ValuesFrom...)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(values)
}

func main() {
	if err := merge(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
