import Glibc

if CommandLine.arguments.dropFirst().first == "formats" {
  FormatsBench.run(Array(CommandLine.arguments.dropFirst(2)))
}
exit(0)
