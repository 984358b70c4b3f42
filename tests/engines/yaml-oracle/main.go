// What kubectl's and Compose's YAML libraries make of a text.
//
//	values < LINES     each line is a plain scalar; prints it with what each library reads, as a table
//	tree kubernetes|compose FILE...   prints each file's documents as JSON, or an error
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"time"

	v4 "go.yaml.in/yaml/v4"
	"sigs.k8s.io/yaml"
)

func main() {
	if len(os.Args) > 3 && os.Args[1] == "tree" {
		trees(os.Args[2], os.Args[3:])
		return
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		text := lines.Text()
		fmt.Printf("%s\t%s\t%s\n", text, kubernetes(text), compose(text))
	}
}

func kubernetes(text string) string {
	out, err := yaml.YAMLToJSON([]byte("k: " + text + "\n"))
	if err != nil {
		return "error"
	}
	var value map[string]any
	decoder := json.NewDecoder(bytes.NewReader(out))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return "error"
	}
	return show(value["k"])
}

func compose(text string) string {
	var value map[string]any
	if err := v4.Unmarshal([]byte("k: "+text+"\n"), &value); err != nil {
		return "error"
	}
	return show(value["k"])
}

func show(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case bool:
		return fmt.Sprintf("bool %t", v)
	case json.Number:
		if strings.ContainsAny(string(v), ".eE") {
			f, _ := v.Float64()
			return float(f)
		}
		return "int " + string(v)
	case int, int64, uint64:
		return fmt.Sprintf("int %d", v)
	case float64:
		return float(v)
	case time.Time:
		return "time " + v.String()
	case string:
		quoted, _ := json.Marshal(v)
		return "str " + string(quoted)
	default:
		quoted, _ := json.Marshal(v)
		return fmt.Sprintf("%T %s", v, quoted)
	}
}

func float(f float64) string {
	switch {
	case math.IsNaN(f):
		return "float nan"
	case math.IsInf(f, 0):
		return fmt.Sprintf("float %v", f)
	case f == math.Trunc(f) && math.Abs(f) < 1e15:
		return fmt.Sprintf("float %.0f", f)
	}
	return fmt.Sprintf("float %v", f)
}

func trees(dialect string, files []string) {
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			fmt.Fprintf(out, "%s\terror\t%v\n", file, err)
			continue
		}
		documents, err := documents(dialect, text)
		if err != nil {
			fmt.Fprintf(out, "%s\terror\t%q\n", file, err.Error())
			continue
		}
		fmt.Fprintf(out, "%s\tok\t%s\n", file, documents)
	}
}

func documents(dialect string, text []byte) ([]byte, error) {
	var all []any
	decoder := v4.NewDecoder(bytes.NewReader(text))
	for {
		var node v4.Node
		err := decoder.Decode(&node)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if dialect == "compose" {
			var value any
			if err := node.Decode(&value); err != nil {
				return nil, err
			}
			all = append(all, plain(value))
			continue
		}
		all = append(all, tree(&node))
	}
	return json.Marshal(all)
}

// tree gives the nodes themselves: scalars as text, with their style and tag.
func tree(node *v4.Node) any {
	switch node.Kind {
	case v4.DocumentNode:
		return tree(node.Content[0])
	case v4.MappingNode:
		parts := []any{"map"}
		for _, child := range node.Content {
			parts = append(parts, tree(child))
		}
		return parts
	case v4.SequenceNode:
		parts := []any{"seq"}
		for _, child := range node.Content {
			parts = append(parts, tree(child))
		}
		return parts
	case v4.AliasNode:
		return "*" + node.Value
	default:
		style := "plain"
		switch {
		case node.Style&v4.SingleQuotedStyle != 0:
			style = "single"
		case node.Style&v4.DoubleQuotedStyle != 0:
			style = "double"
		case node.Style&v4.LiteralStyle != 0:
			style = "literal"
		case node.Style&v4.FoldedStyle != 0:
			style = "folded"
		}
		return style + ":" + node.Value
	}
}

func plain(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key := range v {
			v[key] = plain(v[key])
		}
		return v
	case map[any]any:
		out := map[string]any{}
		for key, value := range v {
			out[fmt.Sprint(key)] = plain(value)
		}
		return out
	case []any:
		for n := range v {
			v[n] = plain(v[n])
		}
		return v
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Sprint(v)
		}
	}
	return value
}
