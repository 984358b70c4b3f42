// What BuildKit reads in Dockerfiles, as JSON lines, for comparing our parser with it.
//
//	dockerfile-oracle parse [--llb] < paths     one object a file: accepted or the error, and every instruction
//	dockerfile-oracle lint < paths              one object a file: the error, and what BuildKit's checks find, experimental ones too
//	dockerfile-oracle expand < words            one object a line {"word", "env", "escape"}: what the word comes to
//
// Build with -tags dfparents,dfexcludepatterns,dfrunsecurity for the flags of the labs channel.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
	"github.com/opencontainers/go-digest"
)

type heredoc struct {
	Name       string `json:"name"`
	Expand     bool   `json:"expand"`
	Chomp      bool   `json:"chomp"`
	Descriptor uint   `json:"descriptor"`
	Content    string `json:"content"`
}

type instruction struct {
	Name     string    `json:"name"`
	Onbuild  bool      `json:"onbuild"`
	Args     []string  `json:"args"`
	Flags    []string  `json:"flags"`
	Heredocs []heredoc `json:"heredocs"`
	JSON     bool      `json:"json"`
	Start    int       `json:"start"`
	End      int       `json:"end"`
}

type file struct {
	Path         string        `json:"path"`
	Error        string        `json:"error"`
	Level        string        `json:"level"`
	LLB          bool          `json:"llb"`
	Escape       string        `json:"escape"`
	Empty        int           `json:"empty_continuations"`
	Instructions []instruction `json:"instructions"`
}

func args(node *parser.Node) []string {
	result := []string{}
	for n := node.Next; n != nil; n = n.Next {
		result = append(result, n.Value)
	}
	return result
}

func dump(node *parser.Node) instruction {
	inner, onbuild := node, false
	for strings.EqualFold(inner.Value, "onbuild") && inner.Next != nil && len(inner.Next.Children) == 1 {
		inner, onbuild = inner.Next.Children[0], true
	}
	in := instruction{
		Name: strings.ToUpper(inner.Value), Onbuild: onbuild, Args: args(inner), Flags: inner.Flags,
		Heredocs: []heredoc{}, JSON: inner.Attributes["json"], Start: node.StartLine, End: node.EndLine,
	}
	if in.Name == "FROM" && len(in.Args) == 3 {
		in.Args[1] = strings.ToUpper(in.Args[1])
	}
	if in.Flags == nil {
		in.Flags = []string{}
	}
	for _, h := range node.Heredocs {
		in.Heredocs = append(in.Heredocs, heredoc{h.Name, h.Expand, h.Chomp, h.FileDescriptor, h.Content})
	}
	return in
}

// Every image exists and is a Linux image that sets nothing.
type resolver struct{}

func (resolver) ResolveImageConfig(_ context.Context, ref string, _ sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	return ref, "", []byte(`{"architecture":"amd64","os":"linux","rootfs":{"type":"layers"},"config":{"Env":["PATH=/bin"]}}`), nil
}

func read(path string, llb bool) (out file) {
	out = file{Path: path, LLB: llb, Instructions: []instruction{}}
	defer func() {
		if r := recover(); r != nil {
			out.Error, out.Level = fmt.Sprint("panic: ", r), "panic"
		}
	}()
	text, err := os.ReadFile(path)
	if err != nil {
		out.Error, out.Level = err.Error(), "read"
		return out
	}
	result, err := parser.Parse(bytes.NewReader(text))
	if err != nil {
		out.Error, out.Level = err.Error(), "parser"
		return out
	}
	out.Escape = string(result.EscapeToken)
	out.Empty = len(result.Warnings)
	for _, node := range result.AST.Children {
		out.Instructions = append(out.Instructions, dump(node))
	}
	stages, _, err := instructions.Parse(result.AST, nil)
	if err == nil && len(stages) == 0 {
		// The check of dockerfile2llb.
		err = errors.New("dockerfile contains no stages to build")
	}
	if err != nil {
		out.Error, out.Level = err.Error(), "instructions"
		return out
	}
	if llb {
		_, _, _, _, err := dockerfile2llb.Dockerfile2LLB(context.Background(), text, dockerfile2llb.ConvertOpt{MetaResolver: resolver{}, AllStages: true})
		if err != nil {
			out.Error, out.Level = err.Error(), "llb"
		}
	}
	return out
}

type finding struct {
	Rule   string `json:"rule"`
	Line   int    `json:"line"`
	Detail string `json:"detail"`
}

type linted struct {
	Path     string    `json:"path"`
	Error    string    `json:"error"`
	Findings []finding `json:"findings"`
}

func check(path string) (out linted) {
	out = linted{Path: path, Findings: []finding{}}
	defer func() {
		if r := recover(); r != nil {
			out.Error = fmt.Sprint("panic: ", r)
		}
	}()
	text, err := os.ReadFile(path)
	if err != nil {
		out.Error = err.Error()
		return out
	}
	opt := dockerfile2llb.ConvertOpt{MetaResolver: resolver{}, AllStages: true}
	opt.LinterConfig = &linter.Config{ExperimentalAll: true}
	opt.Warn = func(rule, _, _, detail string, location []parser.Range) {
		line := 0
		if len(location) > 0 {
			line = location[0].Start.Line
		}
		out.Findings = append(out.Findings, finding{rule, line, detail})
	}
	if _, _, _, _, err = dockerfile2llb.Dockerfile2LLB(context.Background(), text, opt); err != nil {
		out.Error = err.Error()
	}
	return out
}

type request struct {
	Word   string            `json:"word"`
	Env    map[string]string `json:"env"`
	Escape string            `json:"escape"`
}

type response struct {
	request
	Result string   `json:"result"`
	Words  []string `json:"words"`
	Unset  []string `json:"unset"`
	Error  string   `json:"error"`
}

func expand(line []byte) any {
	var in request
	if err := json.Unmarshal(line, &in); err != nil {
		return response{Error: err.Error()}
	}
	env := []string{}
	for k, v := range in.Env {
		env = append(env, k+"="+v)
	}
	lex := shell.NewLex([]rune(in.Escape)[0])
	out := response{request: in, Words: []string{}, Unset: []string{}}
	result, err := lex.ProcessWordWithMatches(in.Word, shell.EnvsFromSlice(env))
	if err != nil {
		out.Error = err.Error()
		return out
	}
	words, err := lex.ProcessWords(in.Word, shell.EnvsFromSlice(env))
	if err != nil {
		out.Error = err.Error()
	}
	out.Result = result.Result
	out.Words = append(out.Words, words...)
	for name := range result.Unmatched {
		out.Unset = append(out.Unset, name)
	}
	slices.Sort(out.Unset)
	return out
}

func main() {
	if len(os.Args) < 2 || !slices.Contains([]string{"parse", "lint", "expand"}, os.Args[1]) {
		fmt.Fprintln(os.Stderr, "usage: dockerfile-oracle parse [--llb] | lint | expand")
		os.Exit(2)
	}
	llb := slices.Contains(os.Args[2:], "--llb")
	writer := bufio.NewWriter(os.Stdout)
	defer writer.Flush()
	encoder := json.NewEncoder(writer)
	encoder.SetEscapeHTML(false)
	scanner := bufio.NewScanner(os.Stdin)
	scanner.Buffer(nil, 1<<24)
	for scanner.Scan() {
		var out any
		switch os.Args[1] {
		case "parse":
			out = read(scanner.Text(), llb)
		case "lint":
			out = check(scanner.Text())
		default:
			out = expand(scanner.Bytes())
		}
		if err := encoder.Encode(out); err != nil {
			panic(err)
		}
	}
}
