import Glibc

exit(Soak.main(Array(CommandLine.arguments.dropFirst())))
