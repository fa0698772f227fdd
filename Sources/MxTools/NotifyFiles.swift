import Glibc
import MxAlert
import MxCLI
import MxConfig
import MxFiles
import MxModel
import MxTemplate
import MxTime

/// The notification configuration of a command line, with its templates.
struct NotifyFiles {
  /// Larger files are none of ours.
  private static let limit = 16 << 20

  var config: NotifyConfig
  /// Nil: those that mx has itself, which are read when something is to be sent.
  private var templates: NoticeTemplates?

  /// `--notify FILE`, or what stands for it where it is not given. Every mistake is
  /// said; the last one is thrown.
  static func load(_ run: Run) throws -> NotifyFiles {
    guard let path = run.arguments.string("notify") else {
      return NotifyFiles(config: .standard, templates: nil)
    }
    let problems = ConfigProblems()
    let loaded: NotifyFiles?
    do {
      loaded = try read(path, problems)
    } catch let error as FileError {
      // Configuration that is not there is bad configuration.
      let told = Explanation.diagnostic(of: error)
      throw Diagnostic(.input, subject: told.subject, told.message, hint: told.hint)
    }
    try ConfigTelling.check(problems, run)
    guard let loaded else {
      throw Diagnostic(.input, subject: path, "cannot be used")
    }
    return loaded
  }

  /// Reads a file and the templates that it names; nil where it cannot be used.
  static func read(_ path: String, _ problems: ConfigProblems) throws -> NotifyFiles? {
    let bytes = try DiskFileSystem().contents(of: path, limit: limit)
    let config = NotifyReader.read(bytes, file: path, problems: problems) { try Zone.named($0) }
    guard let config else { return nil }
    let files = try templateFiles(config, beside: path)
    do throws(TemplateError) {
      let templates = files.isEmpty ? nil : try NoticeTemplates(files)
      return NotifyFiles(config: config, templates: templates)
    } catch {
      problems.add(ConfigPlace(file: path, line: 1, column: 1), "\(error)")
      return nil
    }
  }

  /// A pattern that finds nothing is no mistake, as with Alertmanager.
  private static func templateFiles(
    _ config: NotifyConfig, beside path: String
  ) throws -> [(name: String, text: String)] {
    let files = DiskFileSystem()
    var found: [(name: String, text: String)] = []
    for pattern in config.templates {
      let whole =
        pattern.hasPrefix("/") ? pattern : FilePath.join(FilePath.parent(of: path), pattern)
      guard try files.status(FilePath.parent(of: whole)) != nil else { continue }
      for file in try Glob.files(matching: whole, in: "") where try files.status(file) != nil {
        let text = String(decoding: try files.contents(of: file, limit: limit), as: UTF8.self)
        found.append((FilePath.name(of: file), text))
      }
    }
    return found
  }

  /// What will not do what is meant, though it can be used.
  func findings(named: Set<String>, now: Int64) throws -> [NotifyFinding] {
    NotifyLint.check(config, try templates ?? NoticeTemplates(), named: named, now: now)
  }

  /// What messages are made with; `chart` draws how an alert's value went.
  func context(
    _ run: Run, _ settings: Settings,
    chart: @escaping (NotifyAlert) -> NoticeChart? = { _ in nil }
  ) throws -> MessageContext {
    var context = MessageContext(
      templates: try templates ?? NoticeTemplates(), now: run.common.now, secrets: Self.secrets,
      chart: chart)
    let site = settings.siteURL ?? ""
    context.siteURL = site.hasSuffix("/") ? String(site.dropLast()) : site
    return context
  }

  /// Secrets are read when a message is made, from the environment and from files.
  private static let secrets = SecretResolver(
    environment: { name in getenv(name).map { String(cString: $0) } },
    read: { path in
      do {
        return try DiskFileSystem().contents(of: path, limit: 1 << 20)
      } catch {
        return nil
      }
    })

  /// Channels that notices may come to and that cannot be served.
  func sayUnsupported(_ run: Run) -> Bool {
    let refused = config.reachableReceivers.flatMap(\.integrations).filter {
      $0.channel.refusal != nil
    }
    for integration in refused {
      run.output.error(
        Diagnostic(
          .input, subject: integration.place.description,
          "receiver '\(integration.receiver)': \(integration.channel.refusal ?? "")"))
    }
    return !refused.isEmpty
  }
}
