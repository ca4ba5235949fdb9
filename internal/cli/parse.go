package cli

import (
	"errors"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// UsageError is a mistake in the command line.
type UsageError struct{ error }

// Unwrap returns what is wrong.
func (e UsageError) Unwrap() error { return e.error }

// Usagef makes a [UsageError].
func Usagef(format string, args ...any) error {
	return UsageError{fmt.Errorf(format, args...)}
}

// Parse sets the flags in args, wherever they stand, and returns the other
// arguments. After -- all are arguments; - alone is one.
//
// The error is [flag.ErrHelp] if -h or -help is among them, or a [UsageError].
func Parse(flags *flag.FlagSet, args []string) (rest []string, err error) {
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		if arg == "--" {
			return append(rest, args...), nil
		}
		if len(arg) < 2 || arg[0] != '-' {
			rest = append(rest, arg)
			continue
		}
		name, value, given := strings.Cut(strings.TrimPrefix(arg[1:], "-"), "=")
		f := flags.Lookup(name)
		switch {
		case f == nil && (name == "h" || name == "help"):
			return nil, flag.ErrHelp
		case f == nil:
			return nil, Usagef("there is no flag -%s: the flags are %s", name, names(flags))
		case given:
		case isBool(f):
			value = "true"
		case len(args) == 0:
			what, _ := flag.UnquoteUsage(f)
			return nil, Usagef("-%s needs a value: give -%s %s", name, name, strings.ToUpper(what))
		default:
			value, args = args[0], args[1:]
		}
		if err := flags.Set(name, value); err != nil {
			return nil, invalid("-"+name, value, f.Value, err)
		}
	}
	return rest, nil
}

// invalid says what is wrong with the value of a flag or argument.
func invalid(name, value string, v flag.Value, err error) error {
	if want := allowed(v); want != "" {
		err = errors.New("give " + want)
	}
	return Usagef("%s %s: %w", name, quoted(value), err)
}

// allowed says what package flag's own values take, whose errors do not; "" for
// others, whose errors do.
func allowed(v flag.Value) string {
	g, ok := v.(flag.Getter)
	if !ok {
		return ""
	}
	switch g.Get().(type) {
	case bool:
		return "true or false"
	case int, int64:
		return "a whole number"
	case uint, uint64:
		return "a whole number, 0 or more"
	case float64:
		return "a number"
	case time.Duration:
		return "a duration, such as 10s or 1m30s"
	}
	return ""
}

// quoted keeps long values from filling the screen.
func quoted(value string) string {
	const longest = 80
	if len(value) > longest {
		return strconv.Quote(value[:longest]) + "..."
	}
	return strconv.Quote(value)
}

func isBool(f *flag.Flag) bool {
	b, ok := f.Value.(interface{ IsBoolFlag() bool })
	return ok && b.IsBoolFlag()
}

// names lists all flags.
func names(flags *flag.FlagSet) string {
	list := []string{"-help"}
	flags.VisitAll(func(f *flag.Flag) { list = append(list, "-"+f.Name) })
	return strings.Join(list, ", ")
}
