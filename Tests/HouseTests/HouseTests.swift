import Testing

/// The rules of the house, applied to the house.
@Suite struct HouseTests {
  /// Files and functions over the limits, as `path` or `path function`. It may
  /// only shrink: an entry that is not needed fails the test too.
  static let sizeExceptions: [String] = []

  func expectNone(_ findings: [Finding], at location: SourceLocation = #_sourceLocation) {
    let text = findings.prefix(50).map(\.description).joined(separator: "\n")
    #expect(findings.isEmpty, "\n\(text)", sourceLocation: location)
  }

  @Test func theTreeWasRead() {
    #expect(Tree.files.count { $0.isSource } > 20)
    #expect(Tree.files.count { $0.isTest } > 20)
    #expect(Tree.files.contains { $0.path == "README.md" })
  }

  @Test func importsStayInsideTheWalls() {
    expectNone(Rules.importsStayInsideTheWalls(Tree.files))
  }

  @Test func cModulesHaveOneImporter() {
    expectNone(Rules.cModulesHaveOneImporter(Tree.files))
  }

  @Test func thePackageAndTheWallsAgree() throws {
    let package = Walls.libraries(ofPackage: try #require(Tree.text("Package.swift")))
    #expect(package.map(\.module).sorted() == Walls.table.map(\.module).sorted())
    for library in package {
      #expect(library.imports.sorted() == Walls.allowed(library.module).sorted(), "\(library)")
    }
  }

  @Test func modulesImportFromLowerRowsOnly() {
    for wall in Walls.table {
      for name in wall.imports {
        let row = Walls.table.first { $0.module == name }?.row ?? 0
        let isAllowed = row < wall.row || (wall.module == "MxEngine" && name == "MxPromQL")
        #expect(isAllowed, "\(wall.module) imports \(name)")
      }
    }
    for (module, owner) in Walls.soleImporters {
      let importers =
        Walls.table.filter { $0.imports.contains(module) }.map(\.module)
        + Walls.programs.filter { $0.value.contains(module) }.map(\.key)
      #expect(importers == [owner], "\(module)")
    }
  }

  @Test func noFoundation() { expectNone(Rules.noFoundation(Tree.files)) }
  @Test func noSwiftConcurrency() { expectNone(Rules.noSwiftConcurrency(Tree.files)) }
  @Test func publicOnlyInMxInstrument() { expectNone(Rules.publicOnlyInMxInstrument(Tree.files)) }
  @Test func systemCallsHaveOneHome() { expectNone(Rules.systemCallsHaveOneHome(Tree.files)) }

  @Test func sizesStaySmall() {
    expectNone(Rules.sizesStaySmall(Tree.files, exceptions: HouseTests.sizeExceptions))
  }

  @Test func nothingIsLeftOpen() { expectNone(Rules.nothingIsLeftOpen(Tree.files)) }
  @Test func noPathsOfAMachine() { expectNone(Rules.noPathsOfAMachine(Tree.files)) }
  @Test func nothingIsForced() { expectNone(Rules.nothingIsForced(Tree.files)) }
  @Test func librariesDoNotPrint() { expectNone(Rules.librariesDoNotPrint(Tree.files)) }
  @Test func noFormatStrings() { expectNone(Rules.noFormatStrings(Tree.files)) }
  @Test func everyFileSaysWhatItIs() { expectNone(Rules.everyFileSaysWhatItIs(Tree.files)) }
  @Test func mainsAreFiveLines() { expectNone(Rules.mainsAreFiveLines(Tree.files)) }
  @Test func decisionsAreShort() { expectNone(Rules.decisionsAreShort(Tree.files)) }

  @Test func readmeNamesTheTwoCommands() throws {
    let readme = try #require(Tree.files.first { $0.path == "README.md" })
    expectNone(Rules.readmeNamesTheTwoCommands(readme))
  }
}
