# Survival and recurrent-event analyses by R, for tests/models/recurrence.
#
#     Rscript tests/reference/recurrence.R tests/reference
#
# Writes into the folder: bladder2.csv, cgd.csv and rossi.csv (the packages' own data, the columns used here),
# mgus2_days.csv (cases by month of leaving, for competing risks), recurrence_ended.csv (made-up repeats that a last
# event may end), recurrence.csv (the results, 12 digits) and recurrence_schoenfeld.csv (residuals of one fit).

suppressMessages({
  library(survival)
  library(carData)
  library(mets)
})
folder <- commandArgs(trailingOnly = TRUE)[1]
results <- data.frame()

add <- function(case, name, quantity, value) {
  results <<- rbind(results, data.frame(case = case, name = name, quantity = quantity, value = signif(value, 12)))
}

write <- function(table, file) write.csv(table, file.path(folder, file), row.names = FALSE, quote = FALSE)

cox <- function(case, formula, data, cluster = NULL) {
  for (ties in c("breslow", "efron")) {
    rows_of_fit <<- transform(data, one = if (is.null(cluster)) seq_len(nrow(data)) else data[[cluster]])
    fit <- coxph(formula, rows_of_fit, ties = ties, cluster = one)
    named <- paste(case, ties)
    add(named, names(coef(fit)), "estimate", coef(fit))
    add(named, names(coef(fit)), "se", sqrt(diag(fit$naive.var)))
    add(named, names(coef(fit)), "robust", sqrt(diag(fit$var)))
    add(named, "all", "loglik", fit$loglik[2])
    for (clock in c("identity", "log", "km")) {
      found <- cox.zph(fit, transform = clock)$table
      add(named, rownames(found), paste("zph", clock), found[, "chisq"])
    }
  }
}

write(bladder2[, c("id", "rx", "number", "size", "start", "stop", "event", "enum")], "bladder2.csv")
cox("bladder2 Andersen-Gill", Surv(start, stop, event) ~ rx + number + size, bladder2, "id")
cox("bladder2 PWP total", Surv(start, stop, event) ~ rx + number + size + strata(enum), bladder2, "id")
cox("bladder2 PWP gap", Surv(stop - start, event) ~ rx + number + size + strata(enum), bladder2, "id")
fit <- coxph(Surv(start, stop, event) ~ rx + number + size, bladder2, ties = "breslow")
left <- residuals(fit, type = "schoenfeld")
write(data.frame(time = as.numeric(rownames(left)), signif(left, 12)), "recurrence_schoenfeld.csv")

trial <- data.frame(
  id = cgd$id, treated = as.numeric(cgd$treat == "rIFN-g"), age = cgd$age, start = cgd$tstart, stop = cgd$tstop,
  event = cgd$status, enum = cgd$enum
)
write(trial, "cgd.csv")
cox("cgd Andersen-Gill", Surv(start, stop, event) ~ treated + age, trial, "id")
mean_events <- survfit(Surv(start, stop, event) ~ treated, trial, id = id)
found <- summary(mean_events, times = c(100, 200, 300))
arm <- ifelse(found$strata == "treated=1", "treated", "control")
add(paste("cgd mean events", arm), paste(found$time), "cumulative", found$cumhaz)

prison <- data.frame(
  week = Rossi$week, arrest = Rossi$arrest, fin = as.numeric(Rossi$fin == "yes"), age = Rossi$age,
  race = as.numeric(Rossi$race == "black"), wexp = as.numeric(Rossi$wexp == "yes"),
  mar = as.numeric(Rossi$mar == "married"), paro = as.numeric(Rossi$paro == "yes"), prio = Rossi$prio
)
write(prison, "rossi.csv")
cox("rossi", Surv(week, arrest) ~ fin + age + race + wexp + mar + paro + prio, prison)
curve <- survfit(Surv(week, arrest) ~ fin, prison)
means <- summary(curve, rmean = 52)$table
add("rossi days free", c("0", "1"), "estimate", means[, "rmean"])
add("rossi days free", c("0", "1"), "se", means[, "se(rmean)"])
at <- summary(curve, times = 52)
add("rossi share free", c("0", "1"), "estimate", at$surv)
add("rossi share free", c("0", "1"), "se", at$std.err)

# Progression, or death without it: the standard error that R prints is the infinitesimal jackknife's.
month <- with(mgus2, ifelse(pstat == 0, futime, ptime))
kind <- with(mgus2, ifelse(pstat == 0, 2 * death, 1))
write(
  data.frame(month = 0:max(month), t(sapply(0:max(month), function(m) {
    c(events = sum(month == m & kind == 1), competing = sum(month == m & kind == 2), censored = sum(month == m & kind == 0))
  }))),
  "mgus2_days.csv"
)
states <- survfit(Surv(month, factor(kind, 0:2, c("censor", "progression", "death"))) ~ 1)
found <- summary(states, times = c(12, 60, 120, 240, 360))
for (state in c("progression", "death")) {
  column <- match(state, states$states)
  add(paste("mgus2", state), paste(found$time), "estimate", found$pstate[, column])
  add(paste("mgus2", state), paste(found$time), "se", found$std.err[, column])
}
lost <- summary(states, rmean = 240)$table
add("mgus2 months lost by 240", rownames(lost), "estimate", lost[, "rmean"])

# Repeats at a rate of their own for each case, ended for some by a last event. Times are ranks over all cases, because
# mets takes no two of them to be the same.
set.seed(20240401)
rows <- do.call(rbind, lapply(1:200, function(id) {
  end <- runif(1, 20, 120)
  ended <- rexp(1, 1 / 200)
  last <- min(90, end, ended) + runif(1, 0, 1e-6)
  days <- sort(runif(rpois(1, rgamma(1, 2, 2) * last / 60), 0, last))
  data.frame(id = id, start = c(0, days), stop = c(days, last), status = c(rep(1, length(days)), 2 * (ended <= min(90, end))))
}))
rows$stop <- rank(rows$stop)
rows$start <- ifelse(rows$start == 0, 0, c(0, head(rows$stop, -1)))
write(rows, "recurrence_ended.csv")
again <- phreg(Surv(start, stop, status == 1) ~ cluster(id), rows)
end <- phreg(Surv(start, stop, status == 2) ~ cluster(id), rows)
ghosh_lin <- recurrentMarginal(again, end)
at <- c(100, 200, 300)
reached <- sapply(at, function(rank) ghosh_lin$mu[max(which(ghosh_lin$times <= rank))])
add("mean repeats with an end", paste(at), "estimate", reached)
write(results, "recurrence.csv")
