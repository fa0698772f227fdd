import MxCLI
import MxConfig
import MxFiles
import MxIngest
import MxModel
import MxNet

/// What a scrape run is to do, read once: jobs, and how to ask their targets.
struct ScrapePlan {
  var jobs: [ScrapeJob] = []
  /// Job -> how its requests look; nil where a secret is missing.
  var clients: [ClientRequests?] = []
  /// Targets of the command line; their job is the last.
  var named: [ScrapeTarget] = []
  /// What tells this run's memory from that of other configurations.
  var configuration = ""

  static let namedJob = "scrape"
  /// A larger file is no configuration.
  private static let limit = 16 << 20

  init(_ run: Run) throws {
    let urls = run.arguments.positionals
    let files = DiskFileSystem()
    // Beside URLs the default file is not read: they are what was asked for.
    let path =
      run.arguments.has("config") || urls.isEmpty
      ? run.arguments.string("config") ?? "jobs/scrape.yml" : nil
    if let path {
      configuration = path
      jobs = try Self.jobs(path, files, run)
    }
    try addNamed(urls)
    for job in jobs {
      do throws(SecretSource.Failure) {
        clients.append(try ClientRequests(job.client))
      } catch {
        clients.append(nil)
        run.output.error(Diagnostic(.input, subject: "job '\(job.name)'", "\(error)"))
      }
    }
  }

  private mutating func addNamed(_ urls: [String]) throws {
    if urls.isEmpty { return }
    var job = ScrapeJob(name: Self.namedJob)
    job.client.followsRedirects = true
    jobs.append(job)
    for url in urls {
      guard var target = TargetBuilder.target(url: url, job: Self.namedJob) else {
        throw Diagnostic(
          .usage, "'\(ShownURL.text(url))' is no http:// or https:// URL",
          hint: "such as http://localhost:9100/metrics; --config names a file of targets")
      }
      target.job = jobs.count - 1
      named.append(target)
    }
    if configuration.isEmpty { configuration = "the command line" }
  }

  private static func jobs(
    _ path: String, _ files: DiskFileSystem, _ run: Run
  ) throws -> [ScrapeJob] {
    let problems = ConfigProblems()
    let config = ScrapeConfigReader.read(
      try ConfigTelling.contents(of: path, limit: limit, files), file: path,
      directory: FilePath.parent(of: path), problems: problems)
    var jobs = config.jobs
    for pattern in config.files {
      for more in try files.matching(pattern) {
        jobs += ScrapeConfigReader.readMore(
          try files.contents(of: more, limit: limit), file: more,
          directory: FilePath.parent(of: more), after: config, problems: problems)
      }
    }
    try ConfigTelling.check(problems, run)
    return jobs
  }
}
