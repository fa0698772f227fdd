import MxTemplate
import Testing

@Suite struct PrintfTests {
  @Test(arguments: [
    // Numbers.
    ("printf \"%d|%5d|%-5d|%05d|%+d|% d\" 42 42 42 42 42 42", "42|   42|42   |00042|+42| 42"),
    (
      "printf \"%x %X %#x %o %b %c %q %U\" 255 255 255 8 5 65 65 65",
      "ff FF 0xff 10 101 A 'A' U+0041"
    ),
    ("printf \"%.3d|%8.3d\" 7 7", "007|     007"),
    (
      "printf \"%f %.2f %8.2f|%-8.2f|%08.2f|%+.1f\" 1.5 1.005 1.5 1.5 -1.5 2.0",
      "1.500000 1.00     1.50|1.50    |-0001.50|+2.0"
    ),
    (
      "printf \"%e %E %g %G %.3g %.0f\" 1234.5 1234.5 1234567.0 1e21 1234.5 2.5",
      "1.234500e+03 1.234500E+03 1.234567e+06 1E+21 1.23e+03 2"
    ),
    // Texts.
    (
      "printf \"%s|%5s|%-5s|%.2s|%q|%x\" \"abc\" \"abc\" \"abc\" \"abc\" \"a\\\"b\" \"hi\"",
      "abc|  abc|abc  |ab|\"a\\\"b\"|6869"
    ),
    ("printf \"%t %v %v %v\" true true \"x\" nil", "true true x <nil>"),
    ("printf \"%5t|%-7t|\" true false", " true|false  |"),
    // The forms of wrong verbs.
    ("printf \"%d %s %t\" 1.5 2 \"x\"", "%!d(float64=1.5) %!s(int=2) %!t(string=x)"),
    ("printf \"%d\"", "%!d(MISSING)"),
    ("printf \"%d\" 1 2 \"x\"", "1%!(EXTRA int=2, string=x)"),
    ("printf \"%\"", "%!(NOVERB)"), ("printf \"%z\" 3", "%!z(int=3)"),
    ("printf \"%d\" nil", "%!d(<nil>)"),
    ("printf \"100%%\"", "100%"), ("printf \"%[2]d %[1]d\" 1 2", "2 1"),
    ("printf \"%[5]d\" 1", "%!d(BADINDEX)"), ("printf \"%*d|%-*d|\" 5 42 4 7", "   42|7   |"),
    ("printf \"%8.2d\" 3.14159", "%!d(float64=     3.1)"),
    ("printf \"%v %d %s\" .Names .Any.list .Names", "[x y z] [3 4] [x y z]"),
    (
      "printf \"%v %T %T\" .Labels 1.5 .Labels",
      "map[instance:a:1 job:api] float64 map[string]string"
    ),
    ("printf \"%v %.1f\" .Any.list .Value", "[3 4] 12.5"),
  ])
  func printfIsGos(call: String, expected: String) throws {
    #expect(try render("{{\(call)}}") == expected)
  }
}
