"""Posteriors by a masked autoregressive flow (Papamakarios et al. 2017): NPE of the sbi package with its own defaults, stopped early as it does."""
import time
import warnings

import torch
from omni_box import log_share_inside
from sbi.inference import NPE
from sbi.utils import BoxUniform

LEAK_SAMPLES = 1000


class Flow:
    def __init__(self, rows, theta, seed, seconds, box):
        """Trains on rows [N, D] until sbi says converged, or about so many seconds. box: the prior's (low, high) if it is uniform, else None."""
        warnings.filterwarnings("ignore")
        torch.manual_seed(seed)
        self.theta, self.box = theta, box
        cells = int(theta.sum())
        wide = torch.distributions.MultivariateNormal(torch.zeros(cells), 1e4 * torch.eye(cells))  # of the prior sbi asks for its support alone
        prior = BoxUniform(torch.full((cells,), box[0]), torch.full((cells,), box[1])) if box else wide
        trainer = NPE(prior, density_estimator="maf", show_progress_bars=False)
        trainer.append_simulations(rows[:, theta], rows[:, ~theta])
        started = time.process_time()
        trainer.train(max_num_epochs=1)  # sbi makes one more
        epochs = max(2, int(2 * seconds * torch.get_num_threads() / (time.process_time() - started)))
        self.density = trainer.train(max_num_epochs=epochs, resume_training=True)
        self.steps = f"{trainer.summary['epochs_trained'][-1]} epochs"
        self.posterior = trainer.build_posterior(self.density)

    @torch.no_grad()
    def log_prob(self, rows, given):
        """log p(theta | x) of rows, [B]; what leaks out of the prior's box is put back inside, as sbi does."""
        theta, x = rows[:, self.theta], rows[:, ~self.theta]
        log_prob = self.density.log_prob(theta[None], condition=x)[0]
        if not self.box:
            return log_prob
        drawn = self.density.sample((LEAK_SAMPLES,), condition=x)
        return log_prob - log_share_inside(drawn, self.box)

    def sample(self, rows, given):
        """Rows of one question [B, D] with theta anew."""
        drawn = rows.clone()
        drawn[:, self.theta] = self.posterior.sample((len(rows),), x=rows[0, ~self.theta], show_progress_bars=False)
        return drawn
