// Package plot draws lines over two axes as SVG, for the pictures in README. The text
// follows from what is given to it alone, so that pictures can be compared, and is
// readable on light and dark pages.
package plot
