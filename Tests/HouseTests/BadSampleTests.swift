import Testing

/// Every rule, shown something bad: a check that cannot fail is a defect.
@Suite struct BadSampleTests {
  func source(_ module: String, _ text: String, name: String = "A.swift") -> [SourceFile] {
    [SourceFile(path: "Sources/\(module)/\(name)", text)]
  }

  func lines(_ findings: [Finding]) -> [Int] { findings.map(\.line) }

  @Test func anImportThroughAWallIsFound() {
    let bad = source(
      "MxEngine", "import Glibc\n\npackage import MxStore\n@testable import MxJSON\n")
    #expect(lines(Rules.importsStayInsideTheWalls(bad)) == [3, 4])
    let kinds = source("MxModel", "import struct MxFiles.File\n// import MxStore\n")
    #expect(lines(Rules.importsStayInsideTheWalls(kinds)) == [1])
    #expect(Rules.importsStayInsideTheWalls(source("MxEngine", "import MxPromQL\n")).isEmpty)
    #expect(!Rules.importsStayInsideTheWalls(source("mx-query", "import MxStore\n")).isEmpty)
    #expect(!Rules.importsStayInsideTheWalls(source("MxUnknown", "import MxStore\n")).isEmpty)
  }

  @Test func aSecondImporterOfACModuleIsFound() {
    #expect(lines(Rules.cModulesHaveOneImporter(source("MxStore", "import CZstd\n"))) == [1])
    #expect(Rules.cModulesHaveOneImporter(source("MxCodec", "import CZstd\n")).isEmpty)
    let test = [SourceFile(path: "Tests/MxCodecTests/A.swift", "import CZstd\n")]
    #expect(lines(Rules.cModulesHaveOneImporter(test)) == [1])
  }

  @Test func aLibraryThatLeavesTheTableIsSeen() {
    let text = """
      func library(_ name: String, _ dependencies: [String] = []) -> Target {}
      .library(name: "MxInstrument", targets: ["MxInstrument"]),
      library("MxFiles"),
      library(
        "MxStore", ["MxModel",
        "MxFiles"]),
      """
    let found = Walls.libraries(ofPackage: text)
    #expect(found.map(\.module) == ["MxFiles", "MxStore"])
    #expect(found.map(\.imports) == [[], ["MxModel", "MxFiles"]])
  }

  @Test func foundationIsFound() {
    #expect(lines(Rules.noFoundation(source("MxCLI", "\nimport Foundation\n"))) == [2])
    #expect(lines(Rules.noFoundation(source("mx-net", "internal import Dispatch\n"))) == [1])
    #expect(Rules.noFoundation(source("MxCLI", "/* import Foundation */ let a = 1\n")).isEmpty)
  }

  @Test func concurrencyIsFound() {
    let bad = source("MxEngine", "func f() async {}\nlet x = await f()\nTask { }\nactor A {}\n")
    #expect(lines(Rules.noSwiftConcurrency(bad)).sorted() == [1, 2, 3, 4])
    let good = source("MxEngine", "// async\nlet asyncTask = \"await\"\nlet a = Task(1)\n")
    #expect(Rules.noSwiftConcurrency(good).isEmpty)
  }

  @Test func aPublicFaceIsFound() {
    #expect(lines(Rules.publicOnlyInMxInstrument(source("MxCLI", "public let a = 1"))) == [1])
    #expect(lines(Rules.publicOnlyInMxInstrument(source("MxCLI", "public import A"))) == [1])
    #expect(Rules.publicOnlyInMxInstrument(source("MxInstrument", "public let a = 1")).isEmpty)
    #expect(Rules.publicOnlyInMxInstrument(source("MxCLI", "// public\nlet publicly = 1")).isEmpty)
  }

  @Test func aSystemCallAwayFromHomeIsFound() {
    let bad = source("MxStore", "fsync(3)\nGlibc.rename(a, b)\n_ = isatty(1)\nmmap(a)\n")
    #expect(lines(Rules.systemCallsHaveOneHome(bad)).sorted() == [1, 2, 3, 4])
    let good = source("MxStore", "files.rename(a, b)\nfunc rename(a: Int) {}\nmyfsync(1)\n")
    #expect(Rules.systemCallsHaveOneHome(good).isEmpty)
    #expect(Rules.systemCallsHaveOneHome(source("MxFiles", "fsync(3)\n")).isEmpty)
  }

  @Test func whatIsTooLongIsFound() {
    let body = String(repeating: "  let a = 1\n", count: 69)
    let long = source("MxCLI", "let a = 1\nfunc long(\n  _ a: Int\n) {\n\(body)}\nfunc b() {}\n")
    #expect(lines(Rules.sizesStaySmall(long, exceptions: [])) == [2])
    #expect(Rules.sizesStaySmall(long, exceptions: ["Sources/MxCLI/A.swift long"]).isEmpty)
    let fits = source("MxCLI", "func long() {\n\(String(body.dropLast(12)))}\n")
    #expect(Rules.sizesStaySmall(fits, exceptions: []).isEmpty)
    let file = source("MxCLI", String(repeating: "\n", count: 601))
    #expect(lines(Rules.sizesStaySmall(file, exceptions: [])) == [1])
    #expect(Rules.sizesStaySmall(file, exceptions: ["Sources/MxCLI/A.swift"]).isEmpty)
    #expect(
      Rules.sizesStaySmall(
        source("MxCLI", String(repeating: "\n", count: 600)), exceptions: []
      ).isEmpty)
  }

  @Test func anExceptionThatIsNotNeededIsFound() {
    let found = Rules.sizesStaySmall(source("MxCLI", "\n"), exceptions: ["Sources/MxCLI/A.swift"])
    #expect(found.map(\.message) == ["the exception is not needed: remove it"])
  }

  @Test(arguments: Rules.openMarks)
  func anOpenMarkIsFound(mark: String) {
    let bad = source("MxCLI", "let a = 1\n// \(mark): later\n")
    #expect(lines(Rules.nothingIsLeftOpen(bad)).contains(2))
    let template = String(repeating: "X", count: 6)
    #expect(Rules.nothingIsLeftOpen(source("MxCLI", "// \(template)\n")).isEmpty)
    let docs = [SourceFile(path: "docs/guide.md", "\(mark)\n")]
    #expect(!Rules.nothingIsLeftOpen(docs).isEmpty)
  }

  @Test(arguments: Rules.machinePaths)
  func aPathOfAMachineIsFound(path: String) {
    #expect(lines(Rules.noPathsOfAMachine(source("MxCLI", "\nlet a = \"\(path)x\"\n"))) == [2])
    #expect(Rules.noPathsOfAMachine(source("MxCLI", "// frame\(path)x and \\(a)\(path)\n")).isEmpty)
  }

  @Test func forceIsFound() {
    let bad = """
      let a = b!
      let c = f()!.d
      let e = g[0]!
      let h = try! i()
      let j = k as! Int
      var l: Int!
      let m = "\\(n!)"
      """
    #expect(lines(Rules.nothingIsForced(source("MxCLI", bad))) == [1, 2, 3, 4, 5, 6, 7])
    let good = """
      let a = !b
      if c != d, e!=f {}
      // g!
      let h = "i! \\(!j)"
      #if !DEBUG
      #endif
      let k = #"l"! \\(m!)"#
      """
    #expect(Rules.nothingIsForced(source("MxCLI", good)).isEmpty)
  }

  @Test func printingIsFound() {
    let bad = source("MxEngine", "print(1)\n  Swift.print(2)\ndebugPrint(3)\n")
    #expect(lines(Rules.librariesDoNotPrint(bad)).sorted() == [1, 2, 3])
    let good = source("MxEngine", "let a = fingerprint(1)\nprinter.print(2)\n// print(3)\n")
    #expect(Rules.librariesDoNotPrint(good).isEmpty)
    #expect(Rules.librariesDoNotPrint(source("mx-bench", "print(1)\n")).isEmpty)
  }

  @Test func aFormatStringIsFound() {
    let bad = source("MxCLI", "let a = String(format: \"%d\", 1)\n")
    #expect(lines(Rules.noFormatStrings(bad)) == [1])
  }

  @Test func aFileThatSaysNothingIsFound() {
    #expect(lines(Rules.everyFileSaysWhatItIs(source("MxCLI", "let a = 1\n// b\n"))) == [1])
    #expect(Rules.everyFileSaysWhatItIs(source("MxCLI", "let a = 1\n/// b\n")).isEmpty)
    #expect(Rules.everyFileSaysWhatItIs(source("MxCLI", "// a\nlet a = 1\n")).isEmpty)
    let main = source("mx-net", String(repeating: "f()\n", count: 9), name: "main.swift")
    #expect(lines(Rules.everyFileSaysWhatItIs(main)) == [1])
  }

  @Test func aMainThatThinksIsFound() {
    let good = "import Glibc\nimport MxTools\n\nexit(runTool(QueryCommand.self))\n"
    #expect(Rules.mainsAreFiveLines(source("mx-query", good)).isEmpty)
    #expect(!Rules.mainsAreFiveLines(source("mx-query", good + "\n\n\n")).isEmpty)
    #expect(!Rules.mainsAreFiveLines(source("mx-query", "import Glibc\nexit(0)\n")).isEmpty)
  }

  @Test func aLongDecisionIsFound() {
    let long = SourceFile(path: "docs/decisions/0001-a.md", String(repeating: "a\n", count: 41))
    #expect(lines(Rules.decisionsAreShort([long])) == [41])
  }

  @Test func aSilentReadmeIsFound() {
    let readme = SourceFile(path: "README.md", "`make demo`\n")
    #expect(Rules.readmeNamesTheTwoCommands(readme).map(\.message) == ["does not name 'make test'"])
  }

  @Test func commentsAndStringsAreBlankedAndCodeIsNot() {
    func blank(_ text: String) -> String {
      String(decoding: Blanker.blank(Array(text.utf8)), as: UTF8.self)
    }
    #expect(blank("a // b\nc") == "a     \nc")
    #expect(blank("a /* b /* c */ d */ e") == "a                   e")
    #expect(blank("f(\"x{\") {") == "f(    ) {")
    #expect(blank("\"a\\\"b\" c") == "       c")
    #expect(blank("\"a\\(b(\"c\"))d\" e") == "    b(   )    e")
    #expect(blank("#\"a\"b\\(c)\"# d") == "            d")
    #expect(blank("\"\"\"\n a \"b\" \\(c)\n\"\"\" d") == "   \n         c \n    d")
  }

  @Test func functionsAreFoundByTheirBraces() {
    let code = """
      protocol P {
        func a(_ x: Int) -> Int
        func b() throws
      }
      struct S {
        init?(x: Int) { self.init(y: { x }) }
        static func < (a: S, b: S) -> Bool {
          true
        }
        func d<T>(
          _ x: T = f({ 1 })
        ) where T: P {
          .init()
        }
        subscript(i: Int) -> Int { 1 }
        deinit {
        }
      }
      """
    let found = Functions.of(Blanker.blank(Array(code.utf8)))
    #expect(found.map(\.name) == ["init", "<", "d", "subscript", "deinit"])
    #expect(found.map(\.line) == [6, 7, 10, 15, 16])
    #expect(found.map(\.length) == [1, 3, 3, 1, 2])
  }
}
