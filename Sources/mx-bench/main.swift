import Glibc

if CommandLine.arguments.dropFirst().first == "formats" {
  FormatsBench.run(Array(CommandLine.arguments.dropFirst(2)))
}
if CommandLine.arguments.dropFirst().first == "sets" {
  exit(SetsBench.main(Array(CommandLine.arguments.dropFirst(2))))
}
exit(0)
