// Package b imports package a.
package b

import "example.test/module/a"

// Four times.
func Four(n int) int { return a.Double(a.Double(n)) }
