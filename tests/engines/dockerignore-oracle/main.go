// What BuildKit leaves out of a context: each line of standard input is the text of a .dockerignore as a JSON string, a tab and
// a path; it is printed with `true`, `false` or `error` behind it.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

// Walks down to the path as the transfer of a context does.
func excluded(text, path string) (bool, error) {
	patterns, err := ignorefile.ReadAll(strings.NewReader(text))
	if err != nil {
		return false, err
	}
	matcher, err := patternmatcher.New(patterns)
	if err != nil {
		return false, err
	}
	var above patternmatcher.MatchInfo
	var matched bool
	parts := strings.Split(path, "/")
	for i := range parts {
		matched, above, err = matcher.MatchesUsingParentResults(strings.Join(parts[:i+1], "/"), above)
		if err != nil {
			return false, err
		}
	}
	return matched, nil
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		quoted, path, _ := strings.Cut(lines.Text(), "\t")
		var text string
		if err := json.Unmarshal([]byte(quoted), &text); err != nil {
			panic(err)
		}
		answer := "error"
		if matched, err := excluded(text, path); err == nil {
			answer = fmt.Sprint(matched)
		}
		fmt.Printf("%s\t%s\t%s\n", quoted, path, answer)
	}
}
