// Package a is changed by tests of the mutant command.
package a

// Larger has a change that makes no difference.
func Larger(a, b int) int {
	if a > b {
		return a
	}
	return b
}

// Either has a side that its tests leave out.
func Either(a, b bool) bool {
	return a || b
}

// Sum does not end without a step.
func Sum(list []int) int {
	sum := 0
	for i := 0; i < len(list); {
		sum += list[i]
		i++
	}
	return sum
}

// Double is tested by package b alone.
func Double(a int) int { return a + a }
