//go:build !linux

package line

import "errors"

func namespaces(Shape) (*Line, error) { return nil, errors.ErrUnsupported }
