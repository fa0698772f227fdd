import MxCLI
import MxConfig
import MxFiles
import MxIngest
import MxJSON
import MxModel
import MxNet

/// Finds the targets of all jobs: what stands in the configuration, in files and
/// behind URLs.
struct ScrapeDiscovery {
  private(set) var targets: [ScrapeTarget] = []
  /// Jobs of which not every source could be read: none of their targets is gone.
  private(set) var incomplete: Set<String> = []
  private let plan: ScrapePlan
  private let memory: ScrapeMemory
  private let run: Run
  private let files = DiskFileSystem()
  private let report = Report()

  /// Longest wait for a list of targets.
  private static let patience: UInt32 = 10_000
  private static let limit = 16 << 20

  init(_ plan: ScrapePlan, _ memory: ScrapeMemory, now: Int64, _ run: Run) throws {
    self.plan = plan
    self.memory = memory
    self.run = run
    build(try lists(now: now))
    targets += plan.named
    for warning in report.warnings { run.output.warn(Diagnostic(.input, warning)) }
  }

  /// `--check`: what stands in the configuration and in files, and nobody is asked. Returns
  /// whether any of it cannot be used.
  static func check(_ plan: ScrapePlan, _ run: Run) throws -> Bool {
    var discovery = ScrapeDiscovery(checking: plan, run)
    discovery.build([:])
    for warning in discovery.report.warnings { run.output.error(Diagnostic(.input, warning)) }
    return !discovery.report.warnings.isEmpty || !discovery.incomplete.isEmpty
  }

  private init(checking plan: ScrapePlan, _ run: Run) {
    self.plan = plan
    self.run = run
    memory = ScrapeMemory("", configuration: "", files: files)
  }

  /// `answers`: the lists of targets behind URLs.
  private mutating func build(_ answers: [String: [TargetGroup]]) {
    for (number, job) in plan.jobs.enumerated() {
      var groups = job.groups
      for discovery in job.fileDiscovery { groups += filed(discovery, job) }
      for discovery in job.httpDiscovery { groups += answers[discovery.url] ?? [] }
      targets += TargetBuilder.targets(groups, of: job, number: number, report)
    }
  }

  // MARK: - Files

  private mutating func filed(_ discovery: FileDiscovery, _ job: ScrapeJob) -> [TargetGroup] {
    var groups: [TargetGroup] = []
    for pattern in discovery.patterns {
      do {
        let paths = try files.matching(pattern)
        if paths.isEmpty, !pattern.contains("*"), !pattern.contains("?") {
          throw FileError.notFound(path: pattern)
        }
        for path in paths {
          let problems = ConfigProblems()
          groups += TargetGroupReader.file(
            try files.contents(of: path, limit: Self.limit), path: path, problems: problems)
          if problems.all.isEmpty { continue }
          incomplete.insert(job.name)
          ConfigTelling.say(problems, run)
        }
      } catch {
        incomplete.insert(job.name)
        run.output.error(Explanation.diagnostic(of: error))
      }
    }
    return groups
  }

  // MARK: - URLs

  /// The lists behind URLs: those that are due are fetched, all at once; of one
  /// that fails the last good answer counts.
  private mutating func lists(now: Int64) throws -> [String: [TargetGroup]] {
    var groups: [String: [TargetGroup]] = [:]
    var due: [(job: ScrapeJob, discovery: HTTPDiscovery, request: HTTPRequest)] = []
    for job in plan.jobs {
      for discovery in job.httpDiscovery where groups[discovery.url] == nil {
        let known = memory.discovered(discovery.url, now: now)
        if let known, known.age >= 0, known.age < discovery.refresh {
          groups[discovery.url] =
            TargetGroupReader.answer(known.body, url: discovery.url).groups ?? []
        } else if let request = request(discovery, job) {
          due.append((job, discovery, request))
        }
      }
    }
    if due.isEmpty { return groups }
    let client = try NetClient()
    let answers = try client.perform(
      due.map { .http($0.request) }, within: Int(Self.patience) + 1000)
    for (item, response) in zip(due, answers) {
      groups[item.discovery.url] = take(response, item.discovery, item.job, now: now)
    }
    return groups
  }

  private mutating func request(_ discovery: HTTPDiscovery, _ job: ScrapeJob) -> HTTPRequest? {
    do throws(SecretSource.Failure) {
      var request = try ClientRequests(discovery.client).request(discovery.url)
      request.limits.total = Self.patience
      request.limits.body = UInt32(Self.limit)
      request.headers.append(NetHeader("Accept", "application/json"))
      request.headers.append(
        NetHeader(
          "X-Prometheus-Refresh-Interval-Seconds",
          MxJSON.NumberText.general(Double(discovery.refresh) / 1000)))
      return request
    } catch {
      run.output.error(
        Diagnostic(.input, subject: discovery.place.description, "\(error)"))
      incomplete.insert(job.name)
      return nil
    }
  }

  private mutating func take(
    _ response: NetResponse, _ discovery: HTTPDiscovery, _ job: ScrapeJob, now: Int64
  ) -> [TargetGroup] {
    var problem = FetchProblem.sentence(response)
    if problem == nil {
      let found = TargetGroupReader.answer(response.body, url: discovery.url)
      if let groups = found.groups {
        // Without it the next failure has nothing to fall back on; nothing else is lost.
        do { try memory.saveDiscovered(response.body, discovery.url) } catch {
          run.output.warn(Explanation.diagnostic(of: error))
        }
        return groups
      }
      problem = found.problem
    }
    incomplete.insert(job.name)
    let known = memory.discovered(discovery.url, now: now)
    run.output.error(
      Diagnostic(
        .input, subject: ShownURL.text(discovery.url), problem ?? "",
        hint: known == nil ? nil : "the last good list of targets is used"))
    return known.flatMap { TargetGroupReader.answer($0.body, url: discovery.url).groups } ?? []
  }
}

/// What is wrong with an answer that is no success.
enum FetchProblem {
  static func sentence(_ response: NetResponse) -> String? {
    if let failure = response.failure {
      return response.message.isEmpty ? "\(failure)" : response.message
    }
    return response.isSuccess ? nil : "the server answered with status \(response.status)"
  }
}
