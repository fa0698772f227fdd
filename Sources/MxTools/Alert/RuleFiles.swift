import MxAlert
import MxCLI
import MxConfig
import MxFiles
import MxRules

/// The rule files of a command line.
enum RuleFiles {
  /// Larger files are no rule files.
  static let limit = 16 << 20

  struct Loaded {
    var groups: [RuleGroup] = []
    /// Files with something wrong in them; it was said.
    var brokenFiles: Set<String> = []
  }

  /// Reads all files; what is wrong is said, what is good is returned: a file that cannot
  /// be read does not stop the others. `orUsed`: without `--rules` those that mx.yml names
  /// under `uses`.
  static func load(_ run: Run, orUsed: Bool = false) throws -> Loaded {
    let files = DiskFileSystem()
    var loaded = Loaded()
    for path in try paths(run, orUsed, &loaded) {
      let bytes: [UInt8]
      do {
        bytes = try files.contents(of: path, limit: limit)
      } catch {
        loaded.brokenFiles.insert(path)
        run.output.error(Explanation.diagnostic(of: error))
        continue
      }
      let problems = ConfigProblems()
      let file = RuleReader.read(bytes, file: path, problems: problems)
      loaded.groups += file.groups
      if problems.isEmpty { continue }
      loaded.brokenFiles.insert(path)
      ConfigTelling.say(problems, run)
    }
    return loaded
  }

  private static func paths(
    _ run: Run, _ orUsed: Bool, _ loaded: inout Loaded
  ) throws -> [String] {
    let words = run.arguments.strings("rules")
    let named = try Glob.files(named: words) { pattern, problem in
      loaded.brokenFiles.insert(pattern)
      run.output.error(problem)
    }
    if !words.isEmpty || !orUsed { return named }
    let uses = try SettingsReader.load(run).uses
    let found = try uses.rules.flatMap { try Glob.files(matching: $0, in: uses.directory) }
    guard !found.isEmpty else {
      throw Diagnostic(
        .usage, "no rule files are known",
        hint: "name them with '--rules', or under 'uses: {rules: …}' in mx.yml")
    }
    return found
  }
}
