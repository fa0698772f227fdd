import MxTemplate
import MxTime
import Testing

@Suite struct NotificationTests {
  private func render(_ text: String) throws -> String {
    let context = NotificationContext(
      now: 1_700_000_000_000, regex: plainRegex,
      zone: { name in
        if name == "Far/Away" { return Zone.fixed(offset: 19_800, name: "FAR") }
        throw TemplateFailure("no")
      })
    let start = TemplateTime(milliseconds: 1_699_996_400_500)
    let data = TemplateValue.object(
      TemplateObject("Data", [("StartsAt", .time(start)), ("Names", .strings(["a", "b"]))]))
    return try Template(text, name: "n", functions: NotificationFunctions.names)
      .render(data, functions: NotificationFunctions.make(context))
  }

  @Test(arguments: [
    ("{{.StartsAt}}", "2023-11-14 21:13:20.5 +0000 UTC"),
    (
      "{{date \"Mon 2 Jan 2006 15:04:05.000 -07:00 MST\" .StartsAt}}",
      "Tue 14 Nov 2023 21:13:20.500 +00:00 UTC"
    ),
    (
      "{{.StartsAt | tz \"Far/Away\" | date \"Monday January _2 03:04PM -0700 MST\"}}",
      "Wednesday November 15 02:43AM +0530 FAR"
    ),
    ("{{.StartsAt.Format \"2006-01-02T15:04:05Z07:00\"}}", "2023-11-14T21:13:20Z"),
    ("{{.StartsAt.Add 3600000000000}}", "2023-11-14 22:13:20.5 +0000 UTC"),
    ("{{(.StartsAt.Add -500000001).Format \"05.000000000\"}}", "19.999999999"),
    ("{{.StartsAt.Add (since .StartsAt)}}", "2023-11-14 22:13:20 +0000 UTC"),
    ("{{.StartsAt.AddDate 0 3 17}}", "2024-03-02 21:13:20.5 +0000 UTC"),
    ("{{.StartsAt.Truncate 3600000000000}}", "2023-11-14 21:00:00 +0000 UTC"),
    ("{{.StartsAt.Round 1000000000}}", "2023-11-14 21:13:21 +0000 UTC"),
    ("{{(.StartsAt.Truncate 604800000000000).Weekday}}", "Monday"),
    ("{{.StartsAt.Equal .StartsAt}} {{.StartsAt.Compare now}}", "true -1"),
    ("{{.StartsAt.UnixNano}} {{.StartsAt.Local.Location}}", "1699996400500000000 UTC"),
    ("{{((since .StartsAt).Round 60000000000).String}}", "1h0m0s"),
    ("{{(since .StartsAt).Truncate 60000000000}}", "59m0s"),
    ("{{since .StartsAt}} {{since .StartsAt | humanizeDuration}}", "59m59.5s 59m 59s"),
    ("{{now.Unix}}", "1700000000"), ("{{join \", \" .Names}} {{.Names | join \"-\"}}", "a, b a-b"),
    ("{{stringSlice \"x\" \"y\" | join \"\"}}", "xy"), ("[{{trimSpace \"  a b \\n\"}}]", "[a b]"),
    (
      "{{toJson .Names}} {{dict \"b\" 1 \"a\" \"<\" | toJson}}",
      "[\"a\",\"b\"] {\"a\":\"\\u003c\",\"b\":1}"
    ),
    ("{{b64enc \"hello\"}} {{b64dec \"aGVsbG8=\"}} {{b64enc \"ab\"}}", "aGVsbG8= hello YWI="),
    ("{{append (list 1 2) 3}} {{urlUnescape \"a%20b+c\"}}", "[1 2 3] a b c"),
    ("{{(toDate \"2006-01-02 15:04\" \"2024-02-29 12:30\").Unix}}", "1709209800"),
    (
      "{{(mustToDate \"2 Jan 2006 15:04:05 -0700\" \"1 Mar 2024 00:00:00 +0100\").Unix}}",
      "1709247600"
    ),
  ])
  func functionsAreAlertmanagers(text: String, expected: String) throws {
    #expect(try render(text) == expected)
  }

  @Test(arguments: [
    "{{mustToDate \"2006\" \"x\"}}", "{{tz \"No/Where\" now}}", "{{b64dec \"a\"}}", "{{dict 1}}",
    "{{dict \"a\"}}", "{{urlUnescape \"%zz\"}}",
  ])
  func failuresAreErrors(text: String) {
    #expect(throws: TemplateError.self) { try render(text) }
  }
}
