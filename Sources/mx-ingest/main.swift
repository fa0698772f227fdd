import Glibc
import MxCLI
import MxTools

exit(runTool(IngestCommand.self))
