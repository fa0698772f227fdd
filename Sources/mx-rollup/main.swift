import Glibc
import MxCLI
import MxTools

exit(runTool(RollupCommand.self))
